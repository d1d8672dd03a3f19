// What reaches an open port sooner or later: port scanners, crawlers, clients of other protocols, and noise. Used by HostileInputTests.
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace HotStandby.Tests.Process.Hostile;

/// <summary>One kind of visit.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Bytes">What is sent; a new visit may send something else.</param>
/// <param name="IsReset">The connection is reset rather than closed.</param>
internal sealed record Visit(string Name, Func<Random, byte[]> Bytes, bool IsReset = false)
{
    public override string ToString() => Name;
}

internal static class Scanner
{
    // A port that answers gets this long to do so; one that only listens is left.
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromMilliseconds(100);

    /// <summary>All kinds.</summary>
    public static IReadOnlyList<Visit> Visits { get; } =
    [
        new("connects and closes", _ => []),
        new("connects and resets", _ => [], IsReset: true),
        new("GET", _ => "GET / HTTP/1.1\r\nHost: node\r\nUser-Agent: crawler\r\n\r\n"u8.ToArray()),
        new("SSH banner", _ => "SSH-2.0-OpenSSH_9.6\r\n"u8.ToArray()),
        new("TLS hello", TlsHello),
        new("noise", random => Noise(random, random.Next(1, 4096))),
        new("one byte", random => Noise(random, 1)),
        new("a length of 2 GiB", random => [0x7F, 0xFF, 0xFF, 0xFF, .. Noise(random, 64)]),
        new("a little-endian length of 1 MiB, and a part of it", random => [0, 0, 0x10, 0, .. Noise(random, 512)]),
        new("a negative length", random => [0xFF, 0xFF, 0xFF, 0xFF, .. Noise(random, 64)]),
        new("half a frame of a Mooncake client", random => [21, 0, 0, 0, .. Noise(random, 12)]),
        new("frames of nothing", _ => new byte[1024]),
        new("text", random => Encoding.ASCII.GetBytes(new string((char)random.Next(' ', '~'), 300) + "\r\n\r\n")),
    ];

    /// <summary>One visit.</summary>
    public static async Task PayAsync(Visit visit, string address, Random random, CancellationToken stop)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(address), stop);
        if (visit.IsReset)
            client.LingerState = new LingerOption(true, 0);
        var bytes = visit.Bytes(random);
        if (bytes.Length == 0)
            return;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(AnswerPatience);
        try
        {
            await client.GetStream().WriteAsync(bytes, patience.Token);
            await client.Client.ReceiveAsync(new byte[256], patience.Token);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            // The node has reset the connection: its right.
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // It says nothing, and waits for more.
        }
    }

    private static byte[] Noise(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    // A record of a client's first message, with a body that is long enough to look like one.
    private static byte[] TlsHello(Random random) =>
        [0x16, 0x03, 0x01, 0x00, 0xC8, 0x01, 0x00, 0x00, 0xC4, 0x03, 0x03, .. Noise(random, 194)];
}
