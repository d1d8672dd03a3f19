// What an operator may have got wrong outside of the settings, checked before anything is started. So a mistake costs one line, and
// disturbs neither the owner of a directory nor a cluster. The start itself finds what this misses.
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using HotStandby.Actors.Journal;
using HotStandby.Actors.Settings;
using HotStandby.CommandLine;
using HotStandby.Messages.Network;

namespace HotStandby.Host.Commands;

/// <summary>Checks of the machine, before the start.</summary>
internal static class StartChecks
{
    /// <summary>Why a node with these settings cannot start here; null when nothing speaks against it.</summary>
    public static NodeEnd? WhyNot(HotStandbySettings settings) => WrongDirectory(settings) ?? TakenPort(settings);

    /// <summary>An address of the settings, which are checked.</summary>
    public static IPEndPoint EndpointOf(string host, int port) => new(IPAddress.Parse(host), port);

    private static NodeEnd? WrongDirectory(HotStandbySettings settings)
    {
        if (settings.Journal.Plugin != JournalSettings.EmbeddedPlugin)
            return null;
        try
        {
            DataDirectory.Check(FileDisk.Instance, settings.DataDirectory, settings.ClusterId, settings.NodeId.Name);
            return null;
        }
        catch (DataDirectoryRefused refused)
        {
            return new NodeEnd(ExitCode.BadData, refused.Message.ReplaceLineEndings(" "));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new NodeEnd(
                ExitCode.InputOutput,
                $"hotstandby.data-dir = {settings.DataDirectory} cannot be used: {error.Message}".ReplaceLineEndings(" "));
        }
    }

    private static NodeEnd? TakenPort(HotStandbySettings settings)
    {
        var (client, http, discovery) = (settings.Client, settings.Http, settings.Discovery);
        return TakenPort("hotstandby.client.port", client.Host, client.Port)
            ?? TakenPort("hotstandby.client.previous-generation-port", client.Host, client.PreviousGenerationPort)
            ?? TakenPort("hotstandby.discovery.etcd-port", discovery.Host, discovery.EtcdPort)
            ?? TakenPort("hotstandby.http.port", http.Host, http.Port)
            ?? (http.IsMetadataServerEnabled ? TakenPort("hotstandby.http.metadata-port", http.Host, http.MetadataPort) : null)
            ?? TakenRemotingPort(settings.Remoting);
    }

    // An address that is not of this machine may be one that this node is only announced under: the transport says whether it can be used.
    private static NodeEnd? TakenRemotingPort(RemotingSettings remoting)
    {
        try
        {
            var setting = remoting.BindPort == 0 ? "hotstandby.remoting.port" : "hotstandby.remoting.bind-port";
            // A wildcard is no name to look up.
            var host = remoting.ListenHost;
            var addresses = HostName.IsAddress(host) ? [IPAddress.Parse(host)] : Dns.GetHostAddresses(host);
            return addresses
                .Select(address => TakenPort(setting, address.ToString(), remoting.ListenPort, SocketError.AddressAlreadyInUse))
                .FirstOrDefault(static taken => taken is not null);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static NodeEnd? TakenPort(string setting, string host, int port, SocketError? only = null)
    {
        if (port == 0)
            return null;
        var endpoint = EndpointOf(host, port);
        try
        {
            // Bound as the ports will be, and given back; no client can connect meanwhile, since it does not listen.
            using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (endpoint.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(endpoint);
            return null;
        }
        catch (SocketException error)
        {
            return only is not null && error.SocketErrorCode != only
                ? null
                : new NodeEnd(ExitCode.InputOutput, string.Create(
                    CultureInfo.InvariantCulture, $"a port cannot be opened: {setting} = {port} at {host}: {error.Message}"));
        }
    }
}
