// A node behind the door that does what the test says: calls wait until the test answers them.
using System.Threading.Channels;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Compatibility.Server;

internal sealed class ScriptedGateway : IMasterGateway
{
    private readonly Channel<MasterCall> _calls = Channel.CreateUnbounded<MasterCall>();
    private readonly Channel<Uuid> _heard = Channel.CreateUnbounded<Uuid>();
    private volatile bool _mayServe = true;
    private volatile bool _hasEnded;
    private int _looksLeft = int.MaxValue;

    public event Action? ServiceEnded;

    public ServiceState Service => _hasEnded ? ServiceState.Ended : _mayServe ? ServiceState.Serving : ServiceState.NotYet;

    public bool MayServe
    {
        get => _mayServe && Interlocked.Decrement(ref _looksLeft) >= 0;
        set => _mayServe = value;
    }

    public ulong Epoch => 5;

    /// <summary>The node stops serving. Until its lease is over it still answers what it has.</summary>
    public void EndService(bool leaseHolds = false)
    {
        (_hasEnded, MayServe) = (true, leaseHolds);
        ServiceEnded?.Invoke();
    }

    /// <summary>The lease ends when it has been looked at once more.</summary>
    public void EndLeaseAfterOneLook() => Volatile.Write(ref _looksLeft, 1);

    /// <summary>The node serves again.</summary>
    public void ServeAgain() => (_hasEnded, MayServe) = (false, true);

    /// <summary>Calls that wait to be taken by the test.</summary>
    public int Waiting => _calls.Reader.Count;

    /// <summary>Answer every call as <see cref="StandardAnswers"/> does, at once and on the connection's own thread.</summary>
    public bool AnswersAtOnce { get; set; }

    /// <summary>Clients that were heard of and not asked about by the test yet, oldest first.</summary>
    public IReadOnlyList<Uuid> TakeHeard()
    {
        var heard = new List<Uuid>();
        while (_heard.Reader.TryRead(out var client))
            heard.Add(client);
        return heard;
    }

    public void Hear(Uuid client) => _heard.Writer.TryWrite(client);

    public ClientStatus? Ping(Uuid client) => !MayServe ? null : client == new Uuid(1, 2) ? ClientStatus.NeedRemount : ClientStatus.Ok;

    public void Submit(MasterCall call)
    {
        if (_hasEnded)
            call.Refuse(ErrorCode.UnavailableInCurrentMode);
        else if (AnswersAtOnce)
            StandardAnswers.Settle(call);
        else
            _calls.Writer.TryWrite(call);
    }

    public async Task<MasterCall> NextAsync() => await _calls.Reader.ReadAsync().AsTask().WaitAsync(RawClient.Patience);

    public async Task<T> NextAsync<T>() where T : MasterCall => Assert.IsType<T>(await NextAsync());

    public Task<KeyedCall> NextKeyedAsync() => NextAsync<KeyedCall>();
}
