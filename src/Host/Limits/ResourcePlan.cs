// Compares what the settings may use with what the process may use. File descriptors are one pool: when they are not enough for everything,
// the journal, the checkpoints and the other nodes come first, and the connections of clients and operators get the rest. Memory and
// threads only cause warnings: how much of them a node really needs is not known beforehand.
using System.Globalization;
using HotStandby.Actors.Journal;
using HotStandby.Actors.Settings;
using HotStandby.Host.Http;
using HotStandby.Mooncake.Server;

namespace HotStandby.Host.Limits;

/// <summary>How a node uses what it may use.</summary>
/// <param name="ClientConnections">Most connections of each client port.</param>
/// <param name="HttpConnections">Most connections of each HTTP port.</param>
/// <param name="DiscoveryConnections">Most connections of the discovery port; 0: it is off.</param>
/// <param name="RemotingConnections">Most connections that come in at the remoting port.</param>
/// <param name="Warnings">What is lowered, or may become scarce.</param>
/// <param name="Refusal">Why a node cannot run with these limits; null when it can.</param>
/// <param name="Rows">Resource, what the process may use, what the settings may need: for check-config.</param>
internal sealed record ResourcePlan(
    int ClientConnections, int HttpConnections, int DiscoveryConnections, int RemotingConnections, IReadOnlyList<string> Warnings,
    string? Refusal, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    /// <summary>Fewer connections of a port are not worth a start.</summary>
    public const int FewestConnections = 16;

    // Assemblies, which the runtime maps and keeps open, are most of them: about 280 in a node with every port open.
    private const int RuntimeDescriptors = 320;

    // Segments and checkpoints being written and read; beside them the reserve of the disk.
    private const int JournalDescriptors = 16 + DescriptorReserve.Size;

    // A connection between nodes has a thread that reads it, for which the runtime opens two more.
    private const int DescriptorsOfLink = 3;

    // One connection in, one out, and the same again while they are replaced. Besides, places for newcomers at the remoting port.
    private const int LinksOfPeer = 4, Newcomers = 16;

    // Listening sockets, the audit log, a certificate that is read; connections that are just being closed.
    private const int OtherDescriptors = 32;

    // An HTTP port gets this part of what is left, unless that is more than it can use.
    private const int HttpShare = 8;

    // The runtime, its collector's reserve and the code; measured on an empty node.
    private const long RuntimeBytes = 256L << 20;

    // 64 KiB received ahead, a small request, and 64 KiB of answers.
    private const long ConnectionBytes = 3L * ServerOptions.SmallFrameBytes;

    // An HTTP/2 connection with one stream: an estimate, which the test of 10,000 watches bounds at 100 KiB for client and server together.
    private const long SeekerBytes = 64L << 10;

    private const int RuntimeThreads = 48, ThreadsOfProcessor = 8;

    /// <summary>The plan of a node.</summary>
    public static ResourcePlan Of(HotStandbySettings settings, ProcessLimits limits)
    {
        var (warnings, rows) = (new List<string>(), new List<IReadOnlyList<string>>());
        var clientPorts = settings.Client.PreviousGenerationPort == 0 ? 1 : 2;
        var httpPorts = (settings.Http.IsEnabled ? 1 : 0) + (settings.Http.IsMetadataServerEnabled ? 1 : 0);
        var peers = settings.Voters.Count - 1;
        long own = RuntimeDescriptors + JournalDescriptors + OtherDescriptors + (DescriptorsOfLink * ((LinksOfPeer * peers) + Newcomers));
        var (clients, https) = (settings.Client.MaximumConnections, AdminServer.MostConnections);
        var seekers = settings.Discovery.IsEnabled ? settings.Discovery.MaximumWatchers : 0;
        var wanted = own + ((long)clientPorts * clients) + ((long)httpPorts * https) + seekers;
        var least = own + (clientPorts * Math.Min(FewestConnections, clients)) + (httpPorts * FewestConnections)
            + Math.Min(FewestConnections, seekers);
        string? refusal = null;
        if (limits.Descriptors is { } descriptors && descriptors.Value < least)
            refusal = $"the process may open only {descriptors.Value} files ({descriptors.Source}); a node with these settings needs at "
                + $"least {least}, and may use {wanted}: raise the limit (ulimit -n, LimitNOFILE of systemd)";
        else if (limits.Descriptors is { } few && few.Value < wanted)
        {
            var room = few.Value - own;
            https = (int)Math.Clamp(room / HttpShare, FewestConnections, https);
            room -= (long)httpPorts * https;
            // Every client wants one of each: the discovery port gets as many as a client port, or what it can use.
            seekers = (int)Math.Min(seekers, room / (clientPorts + 1));
            clients = (int)Math.Min(clients, (room - seekers) / clientPorts);
            warnings.Add(
                $"the process may open {few.Value} files ({few.Source}), and the settings may use {wanted}: a client port takes {clients} "
                + $"connections instead of {settings.Client.MaximumConnections}, an HTTP port {https} instead of "
                + $"{AdminServer.MostConnections}"
                + (settings.Discovery.IsEnabled ? $", the discovery port {seekers} instead of {settings.Discovery.MaximumWatchers}" : "")
                + "; raise the limit (ulimit -n, LimitNOFILE of systemd) "
                + "or lower hotstandby.client.max-connections");
        }

        rows.Add(["file descriptors", Shown(limits.Descriptors), wanted.ToString(CultureInfo.InvariantCulture)]);
        rows.Add(["connections of a client port", "", clients.ToString(CultureInfo.InvariantCulture)]);
        rows.Add(["connections of an HTTP port", "", https.ToString(CultureInfo.InvariantCulture)]);
        if (settings.Discovery.IsEnabled)
            rows.Add(["connections of the discovery port", "", seekers.ToString(CultureInfo.InvariantCulture)]);
        var memory = RuntimeBytes + settings.Client.MaximumBufferedBytes + settings.OpLog.WindowMaximumBytes + settings.Journal.QueueBytes
            + (clientPorts * clients * ConnectionBytes) + (seekers * SeekerBytes)
            + (settings.Http.IsMetadataServerEnabled ? MetadataOptions.DefaultBytes : 0);
        rows.Add(["memory beside the index", limits.MemoryBytes is { } bytes ? Units.Print(bytes.Value) : "no limit", Mebibytes(memory)]);
        if (limits.MemoryBytes is { } allowed && allowed.Value < memory)
            warnings.Add(
                $"the process may use {Mebibytes(allowed.Value)} of memory ({allowed.Source}), and the settings may use "
                + $"{Mebibytes(memory)} beside the index: raise the limit, or lower hotstandby.client.max-connections, "
                + "client.max-buffered-bytes, oplog.window-max-bytes or journal.queue-bytes; a node that goes beyond the limit is killed");
        long threads = RuntimeThreads + (ThreadsOfProcessor * limits.Processors);
        rows.Add(["threads", Shown(limits.Threads), threads.ToString(CultureInfo.InvariantCulture)]);
        if (limits.Threads is { } pids && pids.Value < threads)
            warnings.Add(
                $"the process may have {pids.Value} threads ({pids.Source}), and a node on {limits.Processors} processors may use "
                + $"{threads}: raise the limit (ulimit -u, TasksMax of systemd); a node that cannot start a thread ends");
        return new ResourcePlan(clients, https, seekers, Newcomers + (LinksOfPeer * peers / 2), warnings, refusal, rows);
    }

    private static string Shown(Limit? limit) => limit is { } known ? known.Value.ToString(CultureInfo.InvariantCulture) : "no limit";

    private static string Mebibytes(long bytes) => $"{(bytes + (1 << 20) - 1) >> 20}MiB";
}
