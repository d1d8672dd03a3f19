// Who may open a data directory: one process, of the node and cluster that created it. On the real disk, too.

using System.Net.Sockets;
using HotStandby.Actors.Journal;

namespace HotStandby.Tests.Actors.Journal;

public sealed class DataDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void The_first_start_creates_an_identity_that_later_starts_find()
    {
        NodeIdentity first;
        using (var directory = Open())
        {
            Assert.True(directory.WasCreated);
            first = directory.Identity;
        }
        using var again = Open();
        Assert.False(again.WasCreated);
        Assert.Equal(first, again.Identity);
    }

    [Fact]
    public void Another_nodes_or_clusters_directory_is_refused()
    {
        Open().Dispose();
        AssertRefused(RefusalKind.AnotherNode, () => Open(node: "node2"));
        AssertRefused(RefusalKind.AnotherCluster, () => Open(cluster: "other"));
        Open().Dispose();
    }

    [Fact]
    public void A_directory_in_use_is_refused_until_it_is_closed()
    {
        using (Open())
            AssertRefused(RefusalKind.InUse, () => Open());
        Open().Dispose();
    }

    [Fact]
    public void A_lock_that_cannot_be_opened_is_an_error_of_the_disk_and_nobody_elses_use()
    {
        // A socket under the lock's name: it exists, nobody has locked it, and it cannot be opened - as on a read-only file system.
        Directory.CreateDirectory(Path.Combine(_temporary.Path, "data"));
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(_temporary.Path, "data", DataDirectory.LockFile)));
        var error = Assert.ThrowsAny<IOException>(() => Open());
        Assert.Equal(74, JournalFault.From("", "data", error).ExitCode);
    }

    [Fact]
    public void A_directory_of_others_is_refused_and_left_as_it_was()
    {
        var path = Path.Combine(_temporary.Path, "data");
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "letters.txt"), "dear");
        var refusal = Assert.Throws<DataDirectoryRefused>(() => Open());
        Assert.Equal(RefusalKind.Foreign, refusal.Kind);
        Assert.Contains("letters.txt", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(["letters.txt"], FileDisk.Instance.List(path));
    }

    [Theory]
    [InlineData("lost+found")]
    [InlineData(DataDirectory.LogsDirectory)]
    [InlineData(DataDirectory.LockFile)]
    [InlineData(DataDirectory.IdentityFile + ".tmp")]
    public void What_a_fresh_file_system_or_a_first_start_cut_short_leaves_is_no_reason_to_refuse(string name)
    {
        var path = Path.Combine(_temporary.Path, "data");
        if (name is DataDirectory.LogsDirectory or "lost+found")
            Directory.CreateDirectory(Path.Combine(path, name));
        else
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(path).FullName, name), "half");
        using var directory = Open();
        Assert.True(directory.WasCreated);
    }

    [Fact]
    public void Files_of_others_beside_an_identity_do_no_harm()
    {
        Open().Dispose();
        File.WriteAllText(Path.Combine(_temporary.Path, "data", "notes.txt"), "of an operator");
        Open().Dispose();
    }

    [Fact]
    public void A_check_refuses_what_opening_would_refuse_and_gives_no_identity()
    {
        var path = Path.Combine(_temporary.Path, "data");
        DataDirectory.Check(FileDisk.Instance, path, "cluster", "node1");
        Assert.False(File.Exists(IdentityPath));
        using (Open())
            AssertRefused(RefusalKind.InUse, () => Check("cluster", "node1"));
        Check("cluster", "node1").Dispose();
        AssertRefused(RefusalKind.AnotherNode, () => Check("cluster", "node2"));
        AssertRefused(RefusalKind.AnotherCluster, () => Check("other", "node1"));
        Open().Dispose(); // the lock is free

        DataDirectory Check(string cluster, string node)
        {
            DataDirectory.Check(FileDisk.Instance, path, cluster, node);
            return Open();
        }
    }

    [Fact]
    public void Logs_without_an_identity_are_refused()
    {
        using (var directory = Open())
            SegmentedLog.Open(FileDisk.Instance, directory.LogPath("a"), directory.Identity, "a").Dispose();
        File.Delete(IdentityPath);
        AssertRefused(RefusalKind.IdentityMissing, () => Open());
    }

    [Fact]
    public void A_damaged_or_unknown_identity_is_refused()
    {
        Open().Dispose();
        var bytes = File.ReadAllBytes(IdentityPath);
        for (var at = 0; at < bytes.Length; at++)
        {
            var changed = bytes.ToArray();
            changed[at] ^= 4;
            File.WriteAllBytes(IdentityPath, changed);
            AssertRefused(RefusalKind.IdentityUnreadable, () => Open());
        }
        SideFile_with_format_2();
        AssertRefused(RefusalKind.UnknownFormat, () => Open());
    }

    [Theory]
    [InlineData("op-log", "op-log")]
    [InlineData("a/b c", "a%2Fb%20c")]
    [InlineData("..", "%2E.")]
    [InlineData("ü", "%C3%BC")]
    public void A_log_name_becomes_a_safe_directory_name(string name, string expected)
    {
        using var directory = Open();
        Assert.Equal(Path.Combine(_temporary.Path, "data", "logs", expected), directory.LogPath(name));
    }

    [Fact]
    public void Impossible_names_are_refused()
    {
        using var directory = Open();
        Assert.Throws<ArgumentException>(() => directory.LogPath(""));
        Assert.Throws<ArgumentException>(() => directory.LogPath(new string('x', 241)));
        Assert.Throws<ArgumentException>(() => Open(node: "two\nlines"));
        Assert.Throws<ArgumentException>(() => Open(cluster: new string('x', 129)));
    }

    private string IdentityPath => Path.Combine(_temporary.Path, "data", DataDirectory.IdentityFile);

    private void SideFile_with_format_2()
    {
        const string text = "format=2\ncluster=c\n";
        var checksum = System.IO.Hashing.Crc32.HashToUInt32(System.Text.Encoding.UTF8.GetBytes(text));
        File.WriteAllText(IdentityPath, $"{text}crc32={checksum:x8}\n");
    }

    private DataDirectory Open(string cluster = "cluster", string node = "node1") =>
        DataDirectory.Open(FileDisk.Instance, Path.Combine(_temporary.Path, "data"), cluster, node);

    private static void AssertRefused(RefusalKind expected, Func<DataDirectory> open) =>
        Assert.Equal(expected, Assert.Throws<DataDirectoryRefused>(open).Kind);
}
