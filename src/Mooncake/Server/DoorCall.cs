using HotStandby.Messages.Calls;

namespace HotStandby.Mooncake.Server;

/// <summary>A request that the door answers by itself, at the moment when the answer is written. No partition sees it.</summary>
/// <param name="sink">Where the answer goes.</param>
/// <param name="client">The caller, when it says who it is.</param>
/// <param name="items">Results that are due to a batch.</param>
internal sealed class DoorCall(IReplySink sink, Uuid client = default, int items = 1) : MasterCall(sink, 1)
{
    public Uuid Client { get; } = client;

    public int Items { get; } = items;

    public override void Refuse(ErrorCode error) => throw new InvalidOperationException("the door answers this by itself and refuses it to nobody");
}
