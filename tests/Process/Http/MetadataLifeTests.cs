// Keys of the metadata server belong to the life of the client that published them: what is mounted, and who is heard, on a clock that the
// test moves.
using System.Text;
using HotStandby.Core.Segments;
using HotStandby.Host.Http;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Process.Http;

public sealed class MetadataLifeTests
{
    private const string Host = "10.0.0.1:12345";
    private const string Rpc = $"mooncake/rpc_meta/{Host}";
    private const string Ram = $"mooncake/ram/{Host}";

    private static readonly Uuid First = new(1, 1);
    private static readonly Uuid Second = new(2, 2);

    private readonly ManualTime _time = new();
    private readonly List<MountedSegment> _mounted = [];
    private readonly Dictionary<Uuid, TimeSpan> _heard = [];
    private SegmentDirectory? _directory = SegmentDirectory.Empty;
    private TimeSpan _now;
    private uint _handle;
    private readonly MetadataStore _store;

    public MetadataLifeTests() => _store = StoreOf(6);

    [Fact]
    public void Keys_go_with_the_client_that_unmounts()
    {
        Live(First);
        Unmount(First);
        AssertKeys(null, null);
        Publish("new body"); // another life, at once
        AssertKeys("new body", "new body");
    }

    [Fact]
    public void Keys_go_with_the_client_that_expires_and_a_new_life_publishes_another_body()
    {
        Live(First);
        Pass(10, alive: []);
        Suspect(First);
        AssertKeys("first", "first"); // it may come back
        Pass(10, alive: []);
        Unmount(First);
        AssertKeys(null, null);
        Live(Second, "second");
        AssertKeys("second", "second");
    }

    [Fact]
    public void A_new_life_need_not_wait_for_the_expiry_of_the_one_before()
    {
        Live(First);
        Pass(3, alive: []); // three pings are missing
        Publish("second");
        AssertKeys("second", "second");
        Pass(7, alive: []);
        Suspect(First);
        Pass(10, alive: []);
        Unmount(First);
        AssertKeys("second", "second"); // they were never the first one's
        Pass(60, alive: []);
        Mount(Second);
        AssertKeys("second", "second");
        Unmount(Second);
        AssertKeys(null, null);
    }

    [Fact]
    public void What_a_new_life_publishes_within_the_protection_of_the_one_before_is_its_own_all_the_same()
    {
        Live(First);
        Pass(1, alive: []);
        Assert.Equal(MetadataWrite.Conflict, Put(Rpc, "second"));
        Assert.Equal(MetadataWrite.Stored, Put(Rpc, "first")); // it has the same port
        Assert.Equal(MetadataWrite.Stored, Put(Ram, "second"));
        Remount(First, Second); // which drops the segments of the one before
        AssertKeys("first", "second");
        Unmount(Second);
        AssertKeys(null, null);
    }

    [Fact]
    public void A_mount_at_the_endpoint_lets_its_client_replace_what_the_one_before_left()
    {
        Live(First);
        Pass(1, alive: []);
        Remount(First, Second);
        AssertKeys(null, null); // not the body of the dead
        Publish("second");
        AssertKeys("second", "second");
    }

    [Fact]
    public void A_living_client_s_endpoint_is_not_given_to_another()
    {
        Live(First);
        for (var i = 0; i < 100; i++)
        {
            Pass(1, alive: [First]);
            Assert.Equal(MetadataWrite.Conflict, Put(Rpc, "second"));
        }

        Assert.Equal(MetadataWrite.Stored, Put(Rpc, "first"));
        AssertKeys("first", "first");
    }

    [Fact]
    public void A_client_that_mounts_again_finds_its_keys_again()
    {
        Live(First);
        Unmount(First);
        AssertKeys(null, null);
        Pass(600, alive: [First]);
        Mount(First);
        AssertKeys("first", "first");
    }

    [Fact]
    public void One_of_several_segments_that_goes_takes_no_key_with_it()
    {
        Live(First);
        Mount(First);
        _mounted.RemoveAt(0);
        Show();
        AssertKeys("first", "first");
    }

    [Fact]
    public void A_restart_loop_that_never_mounts_is_not_refused_for_good()
    {
        for (var life = 0; life < 20; life++)
        {
            Assert.Equal(MetadataWrite.Stored, Put(Rpc, $"life {life}"));
            Pass(3, alive: []);
        }

        Put(Rpc, "two that start at once");
        Assert.Equal(MetadataWrite.Conflict, Put(Rpc, "are not silently the same"));
    }

    [Fact]
    public void Lives_without_number_fill_nothing()
    {
        for (var life = 0; life < 10_000; life++)
        {
            var client = new Uuid(10, (ulong)life + 1);
            var name = $"10.0.0.1:{life}";
            Assert.Equal(MetadataWrite.Stored, Put($"mooncake/rpc_meta/{name}", "a"));
            Assert.Equal(MetadataWrite.Stored, Put($"mooncake/ram/{name}", "b"));
            Mount(client, name);
            Unmount(client);
        }

        Live(First);
        AssertKeys("first", "first");
    }

    [Fact]
    public void What_no_segment_claims_gives_way_when_there_is_no_room_and_after_its_age()
    {
        Live(First);
        foreach (var reader in (string[])["r1", "r2", "r3", "r4"]) // clients that only read mount nothing
            Put(reader, reader);
        Assert.Equal(MetadataWrite.Full, Put("r5", "r5")); // all six are in use
        Pass(60, alive: [First]);
        Assert.NotNull(Text("r1")); // asked for
        Assert.Equal(MetadataWrite.Stored, Put("r5", "r5"));
        Assert.Equal((null, "r1"), (Text("r2"), Text("r1")));
        AssertKeys("first", "first"); // what is claimed stays
        Pass(7 * 24 * 3600, alive: [First]);
        Assert.Equal((null, null), (Text("r1"), Text("r5")));
        AssertKeys("first", "first");
    }

    [Fact]
    public void Keys_that_are_all_claimed_fill_the_server()
    {
        Live(First);
        Mount(Second, "other");
        foreach (var key in (string[])["a/other", "b/other", "c/other", "d/other"])
            Assert.Equal(MetadataWrite.Stored, Put(key, key));
        Pass(3600, alive: [First, Second]);
        Assert.Equal(MetadataWrite.Full, Put("reader", "x"));
        Unmount(Second);
        Assert.Equal(MetadataWrite.Stored, Put("reader", "x"));
    }

    [Fact]
    public void Where_no_reign_hears_clients_the_suspicion_of_the_cluster_decides()
    {
        Live(First);
        _heard.Clear(); // a Standby
        Pass(8, alive: []);
        Assert.Equal(MetadataWrite.Conflict, Put(Rpc, "second"));
        Assert.Equal(MetadataWrite.Stored, Put(Ram, "second"));
        Pass(2, alive: []);
        Suspect(First);
        Assert.Equal(MetadataWrite.Stored, Put(Rpc, "second"));
        Unmount(First);
        AssertKeys("second", "second");
        Mount(Second);
        AssertKeys("second", "second");
    }

    [Fact]
    public void A_node_that_does_not_know_what_is_mounted_hides_nothing()
    {
        Live(First);
        _mounted.Clear();
        _directory = null; // it restores its state
        AssertKeys("first", "first");
        Mount(First); // and knows again
        AssertKeys("first", "first");
    }

    [Theory]
    [InlineData("mooncake/ram/10.0.0.1:12345", true)]
    [InlineData("mooncake/my-cluster/ram/10.0.0.1:12345", true)]
    [InlineData("mooncake/rpc_meta/10.0.0.1:12345", true)]
    [InlineData("10.0.0.1:12345", true)]
    [InlineData("mooncake/ram/10.0.0.1:1234", false)]
    [InlineData("mooncake/ram/110.0.0.1:12345", false)]
    [InlineData("mooncake/ram/10.0.0.1:12345/", false)]
    [InlineData("/", false)]
    public void A_key_is_claimed_by_the_name_that_it_ends_with(string key, bool isClaimed)
    {
        Put(key, "x");
        Mount(First);
        Unmount(First);
        Assert.Equal(isClaimed, Text(key) is null);
    }

    private MetadataStore StoreOf(int keys) => new(new MetadataOptions
    {
        Endpoint = new(System.Net.IPAddress.Loopback, 0), MaximumKeys = keys, Time = _time, Mounted = () => _directory,
        Silence = client => _heard.TryGetValue(client, out var heard) ? _now - heard : null,
    });

    private MetadataWrite Put(string key, string body) => _store.Put(key, Encoding.UTF8.GetBytes(body));

    private string? Text(string key) => _store.Find(key) is { } body ? Encoding.UTF8.GetString(body) : null;

    private void AssertKeys(string? rpc, string? ram) => Assert.Equal((rpc, ram), (Text(Rpc), Text(Ram)));

    // As a client begins: it publishes, then it mounts.
    private void Live(Uuid client, string body = "first")
    {
        Publish(body);
        Mount(client);
    }

    private void Publish(string body)
    {
        Assert.Equal(MetadataWrite.Stored, Put(Rpc, body));
        Assert.Equal(MetadataWrite.Stored, Put(Ram, body));
    }

    private void Mount(Uuid client, string name = Host)
    {
        _handle++;
        _mounted.Add(new MountedSegment(_handle, client, new Segment(new Uuid(9, _handle), name, 1, 1, name, "tcp", ""), SegmentStatus.Ok));
        _heard[client] = _now;
        Show();
    }

    private void Remount(Uuid before, Uuid after)
    {
        _mounted.RemoveAll(segment => segment.Client == before);
        Mount(after);
    }

    private void Unmount(Uuid client)
    {
        _mounted.RemoveAll(segment => segment.Client == client);
        Show();
    }

    private void Suspect(Uuid client)
    {
        for (var i = 0; i < _mounted.Count; i++)
            if (_mounted[i].Client == client)
                _mounted[i] = _mounted[i] with { IsSuspect = true };
        Show();
    }

    private void Pass(int seconds, Uuid[] alive)
    {
        _now += TimeSpan.FromSeconds(seconds);
        _time.Advance(TimeSpan.FromSeconds(seconds));
        foreach (var client in alive)
            _heard[client] = _now;
    }

    private void Show()
    {
        _directory = new SegmentDirectory(_mounted);
        _store.Look();
    }
}
