// What the actor system must be told so that nothing but this project's own encoding travels between nodes.
namespace HotStandby.Actors.Serialization;

/// <summary>The serializers and what they are bound to.</summary>
internal static class SerializationConfiguration
{
    /// <summary>
    /// HOCON; must win over the actor system's defaults. Replaces "json", to which System.Object is bound, by a serializer that
    /// refuses, and keeps out of "akka-misc" what would end an actor.
    /// </summary>
    public const string Hocon =
        """
        akka.actor {
          serializers {
            json = "HotStandby.Actors.Serialization.RefusingSerializer, HotStandby.Actors"
            hotstandby = "HotStandby.Actors.Serialization.ReplicationSerializer, HotStandby.Actors"
            akka-misc = "HotStandby.Actors.Serialization.GuardedMiscSerializer, HotStandby.Actors"
          }
          serialization-bindings {
            "HotStandby.Messages.Replication.ReplicationMessage, HotStandby.Messages" = hotstandby
            "HotStandby.Core.Journal.IJournalEvent, HotStandby.Core" = hotstandby
            "HotStandby.Messages.Membership.Hello, HotStandby.Messages" = hotstandby
            "HotStandby.Messages.Membership.NameTaken, HotStandby.Messages" = hotstandby
            "HotStandby.Messages.Membership.Presence, HotStandby.Messages" = hotstandby
            "HotStandby.Messages.Membership.ClockReading, HotStandby.Messages" = hotstandby
            "HotStandby.Messages.Verification.VerificationMessage, HotStandby.Messages" = hotstandby
          }
        }
        """;
}
