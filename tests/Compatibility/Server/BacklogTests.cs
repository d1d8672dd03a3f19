// All clients of a Primary that is gone come to its successor at once. None of them may have to wait for its kernel's second try.
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using HotStandby.Mooncake.Server;

namespace HotStandby.Tests.Compatibility.Server;

public sealed class BacklogTests
{
    private const int Clients = 1000;

    [Fact]
    public async Task A_thousand_clients_connect_before_the_first_of_them_is_accepted()
    {
        var kernel = int.Parse(await File.ReadAllTextAsync("/proc/sys/net/core/somaxconn"), CultureInfo.InvariantCulture);
        var clients = Math.Min(Clients, kernel); // more than that is the machine's to allow
        var factory = new PatientListenerFactory(MooncakeServer.Transport(), static _ => { }, TimeProvider.System);
        await using var listener = await factory.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        var sockets = Enumerable.Range(0, clients).Select(static _ => new Socket(SocketType.Stream, ProtocolType.Tcp)).ToArray();
        try
        {
            // A connection without a place is answered by nobody: it stays in SYN_SENT, where the kernel counts its tries.
            await Task.WhenAll(sockets.Select(socket => socket.ConnectAsync(listener.EndPoint))).WaitAsync(Deadline.Step);
            Assert.All(sockets, static socket => Assert.Equal(0U, TriesAgain(socket)));
        }
        finally
        {
            foreach (var socket in sockets)
                socket.Dispose();
        }
    }

    // tcpi_total_retrans of Linux's struct tcp_info: how many segments were sent again, the first one among them.
    private static uint TriesAgain(Socket socket)
    {
        const int tcp = 6, tcpInfo = 11, totalRetransmissions = 100;
        var info = new byte[104];
        socket.GetRawSocketOption(tcp, tcpInfo, info);
        return BitConverter.ToUInt32(info, totalRetransmissions);
    }
}
