// How Standbys are compared with the Primary, and what tests may do to them.
namespace HotStandby.Actors.Settings;

/// <summary>How a Standby is compared with its Primary: <c>hotstandby.verification</c>.</summary>
public sealed record VerificationSettings
{
    /// <summary>Whether this node verifies while it is a Standby.</summary>
    public required bool IsEnabled { get; init; }

    /// <summary>From round to round.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>Share of the partitions, 0 to 1, that one round compares; at least one partition.</summary>
    public required double Ratio { get; init; }

    /// <summary>Most keys of one message of a drill-down.</summary>
    public required int KeysPerRequest { get; init; }

    /// <summary>With more mismatches in one shard than this, it needs a full sync.</summary>
    public required int RepairThreshold { get; init; }
}

/// <summary>What tests may do: <c>hotstandby.testing</c>.</summary>
public sealed record TestingSettings
{
    /// <summary>Whether faults may be put into the state of this node.</summary>
    public required bool AreFaultsAllowed { get; init; }
}
