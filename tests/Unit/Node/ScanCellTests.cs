// What the cell of a scan decides about a pattern and its time, with searches whose outcome and duration the test says. How a scan goes on
// otherwise is tested with its actor.
using System.Buffers;
using HotStandby.Core.Cells;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Unit.Node;

public sealed class ScanCellTests
{
    private static readonly ScanSettings Settings = new() { TotalMatchTimeout = TimeSpan.FromTicks(100) };

    private readonly Outbox _outbox = new();
    private readonly RecordingSink _sink = new();
    private readonly Searches _searches = new();
    private readonly ScanCall _call;
    private readonly ScanCell _scan;

    public ScanCellTests()
    {
        _call = new ScanCall(_sink, ScanOperation.ListKeys, tenant: null, "pattern");
        _scan = new ScanCell(_call, 1_000, shards: 2, Settings, _searches, _sink, _outbox);
    }

    [Fact]
    public void The_next_shard_is_asked_before_the_list_of_the_last_one_is_matched()
    {
        Assert.Equal([Ask(0)], Sent(Begin.Instance));
        Assert.Equal([Ask(1), CellAddress.Self], Sent(Listed(0, "a")));
        Assert.Empty(_searches.Done);
        Match("a");
        Assert.Equal(["a"], _searches.Done);
    }

    [Fact]
    public void A_search_that_takes_too_long_is_tried_three_times()
    {
        Sent(Begin.Instance);
        _searches.Results = new([KeyMatch.TooSlow, KeyMatch.TooSlow, KeyMatch.Yes]);
        Sent(new KeysToMatch(Pieces("a")));
        Assert.Empty(_sink.Answered);
        _searches.Results = new([KeyMatch.No, KeyMatch.TooSlow, KeyMatch.TooSlow, KeyMatch.TooSlow]);
        var facts = Facts(new KeysToMatch(Pieces("b", "c")));
        Assert.Equal(["a", "a", "a", "b", "c", "c", "c"], _searches.Done);
        Assert.Equal([1, 2, 3], facts.Cast<PatternSlow>().Select(slow => slow.Try));
        Assert.Equal((1, ErrorCode.InvalidParams), (_sink.Answers, _call.Error));
    }

    [Fact]
    public void The_time_of_all_searches_counts_and_the_time_between_lists_does_not()
    {
        Sent(Begin.Instance);
        Sent(new KeysToMatch(Pieces("a", "b")), nowTicks: 10, searchTicks: 30);
        Sent(new KeysToMatch(Pieces("c")), nowTicks: 900, searchTicks: 40);
        Assert.Equal((1, ErrorCode.Ok), (_sink.Answers, _call.Error)); // 100 ticks, as long as it may
        Assert.Equal(["a", "b", "c"], _call.Found.Select(found => found.Key.ToString()));
    }

    [Fact]
    public void A_pattern_that_takes_longer_over_all_keys_is_refused()
    {
        Sent(Begin.Instance);
        Sent(new KeysToMatch(Pieces("a", "b")), nowTicks: 10, searchTicks: 30);
        Assert.Equal([CellAddress.Scans], Sent(new KeysToMatch(Pieces("c", "d")), nowTicks: 900, searchTicks: 41));
        Assert.Equal((1, ErrorCode.InvalidParams), (_sink.Answers, _call.Error));
        Assert.Equal(["a", "b", "c"], _searches.Done);
    }

    [Fact]
    public void A_scan_that_begins_too_late_is_abandoned_and_asks_no_shard()
    {
        Assert.Equal([CellAddress.Scans], Sent(Begin.Instance, nowTicks: 1_000));
        Assert.Equal((0, 1), (_sink.Answers, _sink.Abandons));
    }

    [Fact]
    public void A_scan_that_is_stopped_abandons_its_call_unless_it_has_ended()
    {
        Sent(Begin.Instance);
        Sent(new KeysListed(Partition.OfShard(0), null));
        Assert.Equal(ErrorCode.UnavailableInCurrentMode, _call.Error);
        _scan.Stop();
        Assert.Equal((1, 0), (_sink.Answers, _sink.Abandons));
    }

    private static CellAddress Ask(int shard) => CellAddress.Of(Partition.OfShard(shard));

    private static KeysListed Listed(int shard, params string[] keys) => new(Partition.OfShard(shard), Pieces(keys));

    // As a shard sends them: in an array of the pool.
    private static ArraySegment<ObjectKey>[] Pieces(params string[] keys)
    {
        var array = ArrayPool<ObjectKey>.Shared.Rent(keys.Length);
        for (var i = 0; i < keys.Length; i++)
            array[i] = ObjectKey.From(keys[i]);
        return [new ArraySegment<ObjectKey>(array, 0, keys.Length)];
    }

    private void Match(params string[] keys) => Sent(new KeysToMatch(Pieces(keys)));

    // Where letters go to, beside timers and operators.
    private CellAddress[] Sent(object message, long nowTicks = 0, long searchTicks = 0) =>
        [.. After(message, nowTicks, searchTicks)
            .Select(letter => letter.To).Where(to => to.Kind is not (CellKind.Timers or CellKind.Operators))];

    private Fact[] Facts(object message) => [.. After(message, 0, 0).Select(letter => letter.Message).OfType<Fact>()];

    private Letter[] After(object message, long nowTicks, long searchTicks)
    {
        (_searches.NowTicks, _searches.SearchTicks) = (nowTicks, searchTicks);
        Assert.True(_scan.Receive(message, CellAddress.None, new Moment(nowTicks, 0)));
        var letters = _outbox.Letters.ToArray();
        _outbox.Clear();
        return letters;
    }

    private sealed class Searches : IKeyMatcher
    {
        public List<string> Done { get; } = [];

        public long NowTicks { get; set; }

        public long SearchTicks { get; set; }

        /// <summary>Of the next searches; when there are no more, every key matches.</summary>
        public Queue<KeyMatch> Results { get; set; } = new();

        public bool TryRead(string pattern) => true;

        public KeyMatch Search(in ObjectKey key, out long endedTicks)
        {
            Done.Add(key.ToString());
            endedTicks = NowTicks += SearchTicks;
            return Results.TryDequeue(out var result) ? result : KeyMatch.Yes;
        }
    }
}
