using HotStandby.Messages.Calls;

namespace HotStandby.Tests.Doubles;

/// <summary>A connection that nothing is asked of: the test looks at the call itself.</summary>
internal sealed class NoSink : IReplySink
{
    /// <summary>The only one.</summary>
    public static readonly NoSink Instance = new();

    public void Answer(MasterCall call)
    {
    }

    public void Abandon(MasterCall call)
    {
    }
}
