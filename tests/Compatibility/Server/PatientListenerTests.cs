// What a listener does when accepting fails for want of something: it waits, longer each time, and tries no more often than that.
using System.Net;
using System.Net.Sockets;
using HotStandby.Mooncake.Server;

namespace HotStandby.Tests.Compatibility.Server;

public sealed class PatientListenerTests
{
    [Fact]
    public async Task Each_failure_is_said_and_followed_by_a_pause_of_a_tenth_of_a_second_up_to_one()
    {
        var (reasons, time) = (new List<string>(), new HandedTimers());
        // The kernel fails every accept of a socket that was shut down at once, as it does in a process without descriptors.
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        socket.Shutdown(SocketShutdown.Both);
        await using var listener = new PatientListener(socket, MooncakeServer.Transport(), reasons.Add, time);
        var accepting = listener.AcceptAsync().AsTask();
        foreach (var pause in (int[])[100, 200, 400, 800, 1000, 1000])
        {
            var pausing = time.NextAsync();
            await await Task.WhenAny(pausing, accepting); // which ends here by its failure alone
            var (asked, end) = await pausing;
            Assert.Equal(pause, asked.TotalMilliseconds);
            end();
        }

        await time.NextAsync();
        Assert.Equal(7, reasons.Count);
        Assert.False(accepting.IsCompleted);
    }
}
