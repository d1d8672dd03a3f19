// Says which process a loopback connection comes from, out of what Linux shows of every process. All nodes connect from 127.0.0.1, so
// this is how a proxy tells them apart, without a look into what they send.
using System.Globalization;
using System.Net;

namespace HotStandby.Lab.Chaos;

/// <summary>Finds the process at the other end of an accepted connection.</summary>
internal static class SocketOwner
{
    private const int InodeColumn = 9;
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>Which of the processes holds the socket.</summary>
    /// <param name="from">The socket's own address, as the accepting side sees it.</param>
    /// <param name="to">The address it is connected to.</param>
    /// <param name="processes">Process ids; those that have ended are passed over.</param>
    /// <returns>Position in <paramref name="processes"/>, or null when none of them does, or it is closed already.</returns>
    public static int? Find(IPEndPoint from, IPEndPoint to, IReadOnlyList<int?> processes)
    {
        if (InodeOf(from.Port, to.Port) is not { } inode)
            return null;
        var name = $"socket:[{inode}]";
        for (var i = 0; i < processes.Count; i++)
        {
            if (processes[i] is { } process && Holds(process, name))
                return i;
        }
        return null;
    }

    // The port of both ends suffices: both are on loopback.
    private static string? InodeOf(int fromPort, int toPort)
    {
        var (from, to) = (Suffix(fromPort), Suffix(toPort));
        foreach (var table in Tables)
        {
            if (!File.Exists(table))
                continue;
            foreach (var line in File.ReadLines(table))
            {
                var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (columns.Length > InodeColumn
                    && columns[1].EndsWith(from, StringComparison.Ordinal) && columns[2].EndsWith(to, StringComparison.Ordinal))
                    return columns[InodeColumn];
            }
        }
        return null;
    }

    private static string Suffix(int port) => string.Create(CultureInfo.InvariantCulture, $":{port:X4}");

    private static bool Holds(int process, string socket)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fd"))
                .Any(file => LinkOf(file) == socket);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false; // It has ended.
        }
    }

    private static string? LinkOf(string file)
    {
        try
        {
            return new FileInfo(file).LinkTarget;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null; // Closed meanwhile.
        }
    }
}
