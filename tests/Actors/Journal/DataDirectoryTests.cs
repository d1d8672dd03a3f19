// Who may open a data directory: one process, of the node and cluster that created it. On the real disk, too.

using System.Net.Sockets;
using HotStandby.Actors.Journal;
using HotStandby.Messages.Identity;

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
    public void A_full_sync_that_is_needed_is_remembered_until_it_has_ended()
    {
        using (var directory = Open())
        {
            Assert.False(directory.NeedsFullSync);
            directory.NoteFullSync(isNeeded: true);
            directory.NoteFullSync(isNeeded: true);
        }

        using (var directory = Open())
        {
            Assert.True(directory.NeedsFullSync);
            directory.NoteFullSync(isNeeded: false);
            Assert.False(directory.NeedsFullSync);
        }

        using var last = Open();
        Assert.False(last.NeedsFullSync);
        last.Dispose();
        Assert.Throws<ObjectDisposedException>(() => last.NoteFullSync(isNeeded: true));
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

    [Fact]
    public void Every_start_is_a_later_life_of_the_same_memory()
    {
        Life first;
        using (var directory = Open())
        {
            Assert.NotEqual(0UL, directory.Life.Memory);
            Assert.Equal(1u, directory.Memory.Starts);
            first = directory.Life;
        }

        using var again = Open();
        Assert.Equal(2u, again.Memory.Starts);
        Assert.True(again.Life.IsLaterThan(first), $"{again.Life} after {first}");
    }

    [Fact]
    public void A_start_that_was_refused_is_none()
    {
        using var directory = Open();
        AssertRefused(RefusalKind.InUse, () => Open());
        directory.Dispose();
        AssertRefused(RefusalKind.AnotherNode, () => Open(node: "node2"));
        using var again = Open();
        Assert.Equal(2u, again.Memory.Starts);
    }

    [Fact]
    public void Two_directories_are_two_memories()
    {
        Life first;
        using (var directory = Open())
            first = directory.Life;
        Directory.Delete(Path.Combine(_temporary.Path, "data"), recursive: true);
        using var second = Open();
        Assert.NotEqual(first.Memory, second.Life.Memory);
    }

    [Fact]
    public void A_renewed_memory_stays_so_and_keeps_its_owner_and_cluster()
    {
        Life renewed;
        NodeIdentity owner;
        using (var directory = Open())
        {
            directory.StoreBirth(7);
            var before = directory.Life;
            renewed = directory.RenewMemory();
            owner = directory.Identity;
            Assert.NotEqual(before.Memory, renewed.Memory);
            Assert.NotEqual(0UL, renewed.Memory);
            Assert.Equal(renewed, directory.Life);
        }

        using var again = Open();
        Assert.True(again.Life.IsLaterThan(renewed));
        Assert.Equal((owner, 7UL), (again.Identity, again.Memory.Birth));
    }

    [Fact]
    public void A_directory_belongs_to_the_cluster_whose_birth_it_stored_first()
    {
        using (var directory = Open())
        {
            Assert.Equal(0UL, directory.Memory.Birth);
            directory.StoreBirth(0xB1);
            directory.StoreBirth(0xB1);
            var refusal = Assert.Throws<DataDirectoryRefused>(() => directory.StoreBirth(0xB2));
            Assert.Equal(RefusalKind.AnotherBirth, refusal.Kind);
            Assert.Contains("00000000000000b1", refusal.Message, StringComparison.Ordinal);
            Assert.Contains("00000000000000b2", refusal.Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentOutOfRangeException>(() => directory.StoreBirth(0));
        }

        using var again = Open();
        Assert.Equal(0xB1UL, again.Memory.Birth);
    }

    [Fact]
    public void Without_its_lock_a_directory_is_not_written_to()
    {
        var directory = Open();
        directory.Dispose();
        var bytes = File.ReadAllBytes(IdentityPath);
        Assert.Throws<ObjectDisposedException>(() => directory.StoreBirth(1));
        Assert.Throws<ObjectDisposedException>(() => directory.RenewMemory());
        Assert.Equal(bytes, File.ReadAllBytes(IdentityPath));
    }

    [Theory]
    [InlineData("00112233-4455-6677-8899-aabbccddeeff", 0x6677445500112233)]
    [InlineData("00000000-0000-0000-8899-aabbccddeeff", 1)]
    public void The_memory_of_a_directory_of_an_earlier_version_follows_from_its_incarnation(string incarnation, ulong memory)
    {
        Directory.CreateDirectory(Path.Combine(_temporary.Path, "data"));
        WriteIdentity($"format=1\ncluster=cluster\nnode=node1\nincarnation={incarnation}\n");
        using (var directory = Open())
        {
            Assert.False(directory.WasCreated);
            Assert.Equal(new NodeMemory(memory, 1, 0), directory.Memory);
            Assert.Equal(Guid.Parse(incarnation), directory.Identity.Incarnation);
        }

        using var again = Open();
        Assert.Equal(new NodeMemory(memory, 2, 0), again.Memory);
    }

    [Theory]
    [InlineData("memory=0000000000000000\nstarts=1\nbirth=0000000000000000\n")]
    [InlineData("memory=12345678901234567\nstarts=1\nbirth=0000000000000000\n")]
    [InlineData("memory=0000000000000001\nstarts=-1\nbirth=0000000000000000\n")]
    [InlineData("memory=0000000000000001\nstarts=4294967295\nbirth=0000000000000000\n")]
    [InlineData("memory=0000000000000001\nstarts=1\nbirth=x\n")]
    [InlineData("memory=0000000000000001\nstarts=1\n")]
    [InlineData("starts=1\n")]
    public void A_memory_that_cannot_be_is_refused(string lines)
    {
        Directory.CreateDirectory(Path.Combine(_temporary.Path, "data"));
        WriteIdentity($"format=1\ncluster=cluster\nnode=node1\nincarnation=00112233-4455-6677-8899-aabbccddeeff\n{lines}");
        AssertRefused(RefusalKind.IdentityUnreadable, () => Open());
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

    private void SideFile_with_format_2() => WriteIdentity("format=2\ncluster=c\n");

    private void WriteIdentity(string text)
    {
        var checksum = System.IO.Hashing.Crc32.HashToUInt32(System.Text.Encoding.UTF8.GetBytes(text));
        File.WriteAllText(IdentityPath, $"{text}crc32={checksum:x8}\n");
    }

    private DataDirectory Open(string cluster = "cluster", string node = "node1") =>
        DataDirectory.Open(FileDisk.Instance, Path.Combine(_temporary.Path, "data"), cluster, node);

    private static void AssertRefused(RefusalKind expected, Func<DataDirectory> open) =>
        Assert.Equal(expected, Assert.Throws<DataDirectoryRefused>(open).Kind);
}
