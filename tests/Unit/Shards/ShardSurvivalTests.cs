// Random histories of every operation of a shard, with commits in random lumps, dying segments and failovers that lose what is not
// committed. After each step: no two live buffers overlap, here or where the next Primary stands; all of them are allocated; and what
// the Primary keeps beside its state agrees with it. A failing history is shrunk and printed with its seed by CsCheck.
using CsCheck;
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Shards;

public sealed class ShardSurvivalTests
{
    /// <summary>One step; what its numbers mean depends on its kind.</summary>
    internal readonly record struct Step(Kind Kind, int Key, int Client, int Number);

    internal enum Kind
    {
        PutStart, PutEnd, PutEndAgain, PutRevoke, Upsert, UpsertAgain, Remove, RemoveByForce, Clear, Copy, Move, EndTransfer,
        RevokeTransfer, Read, Evict, ClientGone, WaitABit, WaitLong, Commit, CommitOne, Sweep, Drop, FailOver,
    }

    private static readonly string[] Keys = ["a", "b", "c"];

    private static readonly Gen<Step[]> Histories = Gen.Select(
        Gen.Enum<Kind>(), Gen.Int[0, 2], Gen.Int[0, 1], Gen.Int[0, 9], (kind, key, client, number) => new Step(kind, key, client, number))
        .Array[1, 200];

    [Fact]
    public void Whatever_happens_live_buffers_never_overlap_and_a_Standby_becomes_equal() => Histories.Sample(
        steps =>
        {
            var run = new Run();
            foreach (var step in steps)
                run.Do(step);
            run.Finish();
        },
        iter: 5_000);

    [Fact]
    public void Random_histories_use_every_entry_of_a_shard()
    {
        var seen = new HashSet<OpType>();
        Histories.Sample(
            steps =>
            {
                var run = new Run();
                foreach (var step in steps)
                    run.Do(step);
                lock (seen)
                    seen.UnionWith(run.Shard.Types());
            },
            iter: 500);
        var ofShards = Enum.GetValues<OpType>().Where(type => type is >= OpType.PutStart and <= OpType.Remove
            or OpType.Eviction or OpType.PutDiscard or OpType.ReleaseParked or OpType.SegmentDropped
            or >= OpType.UpsertReuse and <= OpType.ReplicaCleared);
        Assert.Empty(ofShards.Except(seen));
    }

    private sealed class Run
    {
        private readonly List<uint> _mounted = [1, 2, 3];
        private uint _lastHandle = 3;

        public Run() => Shard.Mount(3);

        public TestPrimary Shard { get; } = new();

        public void Do(Step step)
        {
            var key = Keys[step.Key];
            var client = step.Client == 0 ? TestPrimary.Alice : TestPrimary.Bob;
            var move = step.Number % 2 == 0;
            if (step.Number < 7 && step.Kind is Kind.PutEnd or Kind.PutRevoke or Kind.EndTransfer or Kind.RevokeTransfer)
                (client, move) = Shard.WriterOf(key) ?? (client, move);
            var (one, other) = (_mounted[step.Number % 3], _mounted[(step.Number + 1) % 3]);
            switch (step.Kind)
            {
                case Kind.PutStart:
                    Shard.PutStart(key, client, (ulong)(50 + step.Number), Config(step), step.Number % 2 == 0 ? [one] : [one, other]);
                    break;
                case Kind.PutEnd or Kind.PutEndAgain:
                    Shard.PutEnd(key, client);
                    break;
                case Kind.PutRevoke:
                    Shard.PutRevoke(key, client);
                    break;
                case Kind.Upsert:
                    Shard.Upsert(key, client, (ulong)(50 + (step.Number % 2)), Config(step), step.Number % 5 == 0 ? [] : [one]);
                    break;
                case Kind.UpsertAgain when Shard.State.Find(ObjectKey.From(key)) is { } record:
                    Shard.Upsert(key, client, record.SizeBytes, on: [one]);
                    break;
                case Kind.Remove or Kind.RemoveByForce:
                    Shard.Remove(key, force: step.Kind == Kind.RemoveByForce);
                    break;
                case Kind.Clear:
                    Shard.Clear(key, step.Number < 3 ? "" : $"s{one}", client);
                    break;
                case Kind.Copy:
                    Shard.Transfer(key, Source(key, one), step.Number < 5 ? [other] : [other, one], client);
                    break;
                case Kind.Move:
                    Shard.Transfer(key, Source(key, one), [other], client, move: true);
                    break;
                case Kind.EndTransfer:
                    Shard.EndTransfer(key, client, move);
                    break;
                case Kind.RevokeTransfer:
                    Shard.RevokeTransfer(key, client, move);
                    break;
                case Kind.Read:
                    Shard.Exist(key);
                    break;
                case Kind.Evict:
                    Shard.Evict(key, Keys[(step.Key + 1) % Keys.Length]);
                    break;
                case Kind.ClientGone when step.Number < 3:
                    Shard.ClientGone(client, 1 + step.Number);
                    break;
                default:
                    Happen(step);
                    break;
            }

            Agree();
        }

        public void Finish()
        {
            Shard.CommitAll();
            Assert.Equal(Shard.State.Digest, Shard.Standby.Digest);
            Assert.Equal((Shard.State.ObjectCount, Shard.State.ParkedCount), (Shard.Standby.ObjectCount, Shard.Standby.ParkedCount));
            Assert.Equal(
                (Shard.State.NextReplicaId(0), Shard.State.NextParkedPut, Shard.State.SoftPinnedCount),
                (Shard.Standby.NextReplicaId(0), Shard.Standby.NextParkedPut, Shard.Standby.SoftPinnedCount));
            var live = Shard.State.EnumerateLiveExtents().ToHashSet();
            Assert.Equal(live, Shard.Standby.EnumerateLiveExtents().ToHashSet());
            Assert.Equal(live, Shard.Allocator.Live.ToHashSet());
            Assert.Equal(Shard.State.Digest, TestPrimary.Replay(Shard.Drafts).Digest);
            Shard.FailOver();
            Assert.Equal(Shard.Standby.Digest, Shard.State.Digest);
            Agree();
        }

        private static ReplicateConfig Config(Step step) => new()
        {
            HardPin = step.Number == 7,
            SoftPinAction = (SoftPinAction)(step.Number % 3),
            SoftPinTtlMilliseconds = step.Number == 4 ? 20_000UL : null,
            GroupIds = step.Number < 3 ? ["group"] : null,
        };

        private uint Source(string key, uint otherwise) =>
            Shard.State.Find(ObjectKey.From(key)) is { } record ? record.Replica(0).SegmentHandle : otherwise;

        private void Happen(Step step)
        {
            switch (step.Kind)
            {
                case Kind.WaitABit:
                    Shard.Advance(TimeSpan.FromSeconds(step.Number));
                    break;
                case Kind.WaitLong:
                    Shard.Advance(TimeSpan.FromSeconds(101 * step.Number));
                    break;
                case Kind.Commit or Kind.CommitOne:
                    Shard.Commit(Math.Min(Shard.Pending, step.Kind == Kind.CommitOne ? 1 : step.Number));
                    break;
                case Kind.Sweep:
                    Shard.Sweep(2 + step.Number);
                    break;
                case Kind.Drop when step.Number < 3:
                    Shard.Kill(_mounted[step.Number]);
                    Shard.DropSegment(_mounted[step.Number]);
                    _mounted[step.Number] = ++_lastHandle;
                    Shard.Mount(_lastHandle);
                    break;
                case Kind.FailOver:
                    Shard.FailOver();
                    Assert.Equal(Shard.Standby.Digest, Shard.State.Digest);
                    break;
            }
        }

        private void Agree()
        {
            TestPrimary.AssertDisjoint(Shard.State.EnumerateLiveExtents());
            var allocated = Shard.Allocator.Live.ToHashSet();
            Quick.Subset(allocated, Shard.State.EnumerateLiveExtents());
            Quick.Subset(allocated, Shard.Standby.EnumerateLiveExtents());

            var records = Keys.Select(key => Shard.State.Find(ObjectKey.From(key))).OfType<ObjectRecord>().ToArray();
            var evictable = records.Where(record => !record.IsHardPinned && !record.IsBeingWritten && !record.HasTransfer).ToArray();
            Quick.Equal(
                (evictable.Length, evictable.Count(record => record.IsSoftPinned), records.Count(record => record.IsSoftPinned)),
                (Shard.Leader.EvictableCount, Shard.Leader.SoftPinnedEvictableCount, Shard.Leader.SoftPinnedCount));
            var offer = Shard.Leader.Offer(100, Shard.Now);
            AssertOffered(offer.Plain, evictable.Where(record => !record.IsSoftPinned));
            AssertOffered(offer.SoftPinned, evictable.Where(record => record.IsSoftPinned));
        }

        private void AssertOffered(IReadOnlyList<Victim> offered, IEnumerable<ObjectRecord> records)
        {
            var expected = records.Where(record => Shard.Leader.LeaseOf(record) <= Shard.Now).ToArray();
            Quick.EqualLists(offered.Select(victim => victim.LeaseUntilTicks).Order(), offered.Select(victim => victim.LeaseUntilTicks));
            Quick.EqualLists(
                expected.Select(record => record.Key.ToString()).Order(), offered.Select(victim => victim.Key.ToString()).Order());
        }
    }
}
