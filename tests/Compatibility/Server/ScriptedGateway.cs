// A node behind the door that does what the test says: calls wait until the test answers them.
using System.Threading.Channels;
using HotStandby.Messages.Calls;

namespace HotStandby.Tests.Compatibility.Server;

internal sealed class ScriptedGateway : IMasterGateway
{
    private readonly Channel<MasterCall> _calls = Channel.CreateUnbounded<MasterCall>();
    private volatile bool _mayServe = true;

    public bool MayServe
    {
        get => _mayServe;
        set => _mayServe = value;
    }

    public ulong Epoch => 5;

    /// <summary>Calls that wait to be taken by the test.</summary>
    public int Waiting => _calls.Reader.Count;

    public void Submit(MasterCall call) => _calls.Writer.TryWrite(call);

    public async Task<MasterCall> NextAsync() => await _calls.Reader.ReadAsync().AsTask().WaitAsync(RawClient.Patience);

    public async Task<KeyedCall> NextKeyedAsync() => Assert.IsType<KeyedCall>(await NextAsync());
}
