// What the host itself logs. Ids below 1100; those of the actors are in EventTable.
using Microsoft.Extensions.Logging;

namespace HotStandby.Host.Logging;

/// <summary>The host's events.</summary>
internal static partial class HostEvents
{
    [LoggerMessage(1001, LogLevel.Information, "Node {Node} is open: clients on {Client}, http on {Http}, data in {DataDirectory}",
        EventName = "NodeOpen")]
    public static partial void NodeOpen(ILogger log, string node, string client, string http, string dataDirectory);

    [LoggerMessage(
        1002, LogLevel.Information,
        "Node {Node} is waiting for other nodes, {Present} of {Voters} are in the cluster; its first start needs all of them, a later one "
            + "more than half ({Names})",
        EventName = "WaitsForNodes")]
    public static partial void WaitsForNodes(ILogger log, string node, int present, int voters, string names);

    [LoggerMessage(1006, LogLevel.Error, "{What}; exit code {ExitCode}", EventName = "NodeEnds")]
    public static partial void NodeEnds(ILogger log, string what, int exitCode, Exception? details);

    [LoggerMessage(
        1015, LogLevel.Information, "Node {Node} has ended as it was asked to: {Asked}, after {Milliseconds} ms, exit code {ExitCode}",
        EventName = "NodeEnded")]
    public static partial void NodeEnded(ILogger log, string node, string asked, long milliseconds, int exitCode);

    [LoggerMessage(1016, LogLevel.Warning, "The link to {Address} is down: {Reason}", EventName = "LinkLost")]
    public static partial void LinkLost(ILogger log, string address, string reason);

    [LoggerMessage(1017, LogLevel.Error, "{Setting} = {Value}: {Rule}; exit code {ExitCode}", EventName = "SettingRefused")]
    public static partial void SettingRefused(ILogger log, string setting, string? value, string rule, int exitCode);

    [LoggerMessage(1018, LogLevel.Error, "{Place}: {Reason}; exit code {ExitCode}", EventName = "SettingsUnreadable")]
    public static partial void SettingsUnreadable(ILogger log, string place, string reason, int exitCode);

    [LoggerMessage(1007, LogLevel.Warning, "{What}", EventName = "Limited")]
    public static partial void Limited(ILogger log, string what);

    [LoggerMessage(
        1008, LogLevel.Warning, "The {Door} port accepts no connections for a moment, {Times} times so far: {Reason}",
        EventName = "AcceptPaused")]
    public static partial void AcceptPaused(ILogger log, string door, long times, string reason);

    [LoggerMessage(
        1009, LogLevel.Warning, "The {Door} port has as many connections as it may have, {Most}: {Times} more were closed at once so far",
        EventName = "DoorFull")]
    public static partial void DoorFull(ILogger log, string door, int most, long times);

    [LoggerMessage(1004, LogLevel.Information, "{What}", EventName = "Operator")]
    public static partial void Operator(ILogger log, string what);

    [LoggerMessage(
        1010, LogLevel.Warning, "The size of the data directory is not known, {Directory}: {Reason}", EventName = "DiskNotMeasured")]
    public static partial void DiskNotMeasured(ILogger log, string directory, string reason);

    [LoggerMessage(1011, LogLevel.Warning, "{What}", EventName = "SettingsWarning")]
    public static partial void SettingsWarning(ILogger log, string what);

    [LoggerMessage(1012, LogLevel.Warning, "{Why}", EventName = "NoService")]
    public static partial void NoService(ILogger log, string why);

    [LoggerMessage(1013, LogLevel.Warning, "{Redundancy}", EventName = "VoterMissing")]
    public static partial void VoterMissing(ILogger log, string redundancy);

    [LoggerMessage(1014, LogLevel.Information, "Every voter counts again: {Redundancy}", EventName = "VotersComplete")]
    public static partial void VotersComplete(ILogger log, string redundancy);

    [LoggerMessage(1003, LogLevel.Warning, "A peer at the {Door} port is refused, {Peer}: {Reason}", EventName = "PeerRefused")]
    public static partial void PeerRefused(ILogger log, string door, string peer, string reason);
}
