// Configuration of the actor systems in which OpLog and replica are tested.
using Akka.Configuration;
using HotStandby.Actors.Serialization;

namespace HotStandby.Tests.Actors.OpLog;

internal static class TestSystem
{
    /// <summary>
    /// As on a node. Messages are not serialized on their way: Akka.Persistence sends writes between a journal's own actors, and
    /// those messages are not exempt. Everything that leaves a node has tests of its own.
    /// </summary>
    public static Config Config => ConfigurationFactory.ParseString(
        """
        broken-journal { class = "HotStandby.Tests.Actors.OpLog.BrokenJournal, HotStandby.Tests.Actors" }
        """).WithFallback(SerializationConfiguration.Hocon);
}
