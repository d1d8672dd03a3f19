using HotStandby.Messages.Calls;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>A request that the door answers by itself, at the moment when the answer is written. No partition sees it.</summary>
/// <param name="sink">Where the answer goes.</param>
/// <param name="client">The caller, when it says who it is.</param>
internal sealed class DoorCall(IReplySink sink, Uuid client = default) : MasterCall(sink, 1)
{
    public Uuid Client { get; } = client;

    /// <summary>What was decided when the request was read.</summary>
    public ErrorCode Error { get; init; }

    public override void Refuse(ErrorCode error) =>
        throw new InvalidOperationException("the door answers this call itself and never refuses it");
}
