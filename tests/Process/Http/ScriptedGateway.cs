// A node without a node: answers every call as a test says, at once and on the caller's thread.
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Process.Http;

internal sealed class ScriptedGateway : IMasterGateway
{
    private readonly List<MasterCall> _calls = [];

    public event Action? ServiceEnded
    {
        add { }
        remove { }
    }

    public ServiceState Service => MayServe ? ServiceState.Serving : ServiceState.NotYet;

    public bool MayServe { get; set; } = true;

    public ulong Epoch { get; set; } = 7;

    /// <summary>What becomes of a call. Nothing, until a test says so: the call then has no outcome.</summary>
    public Action<MasterCall> Script { get; set; } = _ => { };

    /// <summary>The calls that came, in order.</summary>
    public IReadOnlyList<MasterCall> Calls => _calls;

    /// <summary>Clients that were heard.</summary>
    public HashSet<Uuid> Heard { get; } = [];

    public void Hear(Uuid client) => Heard.Add(client);

    public ClientStatus? Ping(Uuid client) => Heard.Contains(client) ? ClientStatus.Ok : ClientStatus.NeedRemount;

    public void Submit(MasterCall call)
    {
        _calls.Add(call);
        Script(call);
    }
}
