// Random histories of one shard: calls, time, lagging commits, dying and dropped segments, failovers. A failing history
// is shrunk and printed with its seed by CsCheck.
using CsCheck;
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Unit.Shards;

public sealed class ShardAgainstModelTests
{
    /// <summary>One step; what its numbers mean depends on its kind.</summary>
    internal readonly record struct Step(Kind Kind, int Key, int Client, int Number);

    internal enum Kind
    {
        PutStart, PutStartOnTwo, PutStartAnywhere, Upsert, UpsertAgain, PutEnd, PutEndAgain, PutRevoke, Remove, RemoveByForce, Clear,
        Copy, CopyToTwo, Move, EndTransfer, RevokeTransfer, Exist, Get,
        WaitABit, WaitLong, CommitSome, CommitOne, Kill, Drop, Sweep, FailOver, Evict, ClientGone,
    }

    private static readonly string[] Keys = ["a", "b", "c", ""];

    private static readonly Gen<Step[]> Histories = Gen.Select(
        Gen.Enum<Kind>(), Gen.Int[0, 3], Gen.Int[0, 1], Gen.Int[0, 9], (kind, key, client, number) => new Step(kind, key, client, number))
        .Array[1, 150];

    [Fact]
    public void Shard_answers_as_the_naive_model_does() => Histories.Sample(
        steps =>
        {
            var run = new Comparison();
            foreach (var step in steps)
                run.Do(step);
            run.Finish();
        },
        iter: 5_000);

    private sealed class Comparison
    {
        private static readonly ShardSettings Settings = ShardSettings.Default with { DefaultSoftPinTtl = TimeSpan.FromSeconds(45) };

        private readonly TestPrimary _real = new(Settings);
        private readonly NaiveShard _naive = new(Settings);
        private readonly List<uint> _dead = [];
        private uint _lastHandle = 2;

        public void Do(Step step)
        {
            var key = Keys[step.Key];
            var client = step.Client == 0 ? TestPrimary.Alice : TestPrimary.Bob;
            var move = step.Number < 5;
            if (step.Number % 3 > 0 && step.Kind is Kind.PutEnd or Kind.EndTransfer or Kind.RevokeTransfer)
                (client, move) = _real.WriterOf(key) ?? (client, move);
            switch (step.Kind)
            {
                case Kind.PutStart:
                    PutStart(key, client, step.Number == 9 ? 0u : 100, [_lastHandle]);
                    break;
                case Kind.PutStartOnTwo:
                    PutStart(key, client, 64, [_lastHandle, _lastHandle - 1]);
                    break;
                case Kind.PutStartAnywhere:
                    PutStart(key, client, 64, step.Number == 0 ? [] : [(uint)step.Number % _lastHandle + 1]);
                    break;
                case Kind.PutEnd or Kind.PutEndAgain:
                    ulong? checksum = step.Number < 5 ? (ulong)step.Number : null;
                    Quick.Equal(_naive.PutEnd(key, client, checksum, _real.Now), _real.PutEnd(key, client, checksum: checksum));
                    break;
                case Kind.PutRevoke:
                    Quick.Equal(_naive.PutRevoke(key, client), _real.PutRevoke(key, client));
                    break;
                case Kind.Remove or Kind.RemoveByForce:
                    var force = step.Kind == Kind.RemoveByForce;
                    Quick.Equal(_naive.Remove(key, force, _real.Now), _real.Remove(key, force));
                    break;
                case Kind.Upsert:
                    Upsert(
                        key, client, 64, step.Number < 2 ? [] : [1 + ((uint)step.Number % _lastHandle)], (SoftPinAction)(step.Number % 3));
                    break;
                case Kind.UpsertAgain:
                    Upsert(key, client, 100, [_lastHandle], (SoftPinAction)(step.Number % 3));
                    break;
                case Kind.Clear:
                    uint? on = step.Number < 5 ? null : 1 + ((uint)step.Number % _lastHandle);
                    Quick.Equal(_naive.Clear(key, client, on, _real.Now), _real.Clear(key, on is null ? "" : $"s{on}", client));
                    break;
                case Kind.Copy or Kind.CopyToTwo or Kind.Move:
                    StartCopy(key, client, step);
                    break;
                case Kind.EndTransfer:
                    Quick.Equal(_naive.EndCopy(key, client, move, revoke: false, _real.Now), _real.EndTransfer(key, client, move));
                    break;
                case Kind.RevokeTransfer:
                    Quick.Equal(_naive.EndCopy(key, client, move, revoke: true, _real.Now), _real.RevokeTransfer(key, client, move));
                    break;
                case Kind.Exist:
                    Quick.Equal(_naive.Exist(key, _real.Now), _real.Exist(key));
                    break;
                case Kind.Get:
                    var got = _real.Get(key);
                    Quick.Equal(_naive.Get(key, _real.Now), (got.Error, got.Replicas.Count, got.ObjectChecksum));
                    break;
                default:
                    Happen(step);
                    break;
            }

            if (step.Kind <= Kind.Get)
                Quick.Equal(_naive.Awaits(key), _real.Outcome == ItemOutcome.AwaitsCommit);
            Agree();
        }

        public void Finish()
        {
            _real.CommitAll();
            Assert.Equal(_real.State.Digest, _real.Standby.Digest);
            Assert.Equal(_real.State.AppliedSequence, _real.Standby.AppliedSequence);
            var live = _real.State.EnumerateLiveExtents().ToHashSet();
            Assert.Equal(live, _real.Standby.EnumerateLiveExtents().ToHashSet());
            Assert.Equal(live, _real.Allocator.Live.ToHashSet());
            var replayed = TestPrimary.Replay(_real.Drafts);
            Assert.Equal(_real.State.Digest, replayed.Digest);
            Assert.Equal(_real.State.NextReplicaId(0), replayed.NextReplicaId(0));
            Assert.Equal(_real.State.NextParkedPut, replayed.NextParkedPut);
            var restored = TestPrimary.ReplayThroughImage(_real.Drafts, _real.Drafts.Count / 2);
            Assert.Equal(
                (replayed.Digest, replayed.AppliedSequence, replayed.NextReplicaId(0), replayed.NextParkedPut, replayed.ObjectCount,
                    replayed.SoftPinnedCount),
                (restored.Digest, restored.AppliedSequence, restored.NextReplicaId(0), restored.NextParkedPut, restored.ObjectCount,
                    restored.SoftPinnedCount));
            Assert.Equal(live, restored.EnumerateLiveExtents().ToHashSet());
        }

        private void PutStart(string key, HotStandby.Messages.Identity.Uuid client, ulong size, uint[] on)
        {
            var result = _real.PutStart(key, client, size, on: on);
            Quick.Equal(_naive.PutStart(key, client, size, on, _real.Now), (result.Error, result.Replicas.Count));
            for (var i = 0; i < result.Replicas.Count; i++)
                Quick.Equal((ReplicaStatus.Processing, size), (result.Replicas[i].Status, result.Replicas[i].SizeBytes));
        }

        private void Upsert(string key, HotStandby.Messages.Identity.Uuid client, ulong size, uint[] on, SoftPinAction action)
        {
            var result = _real.Upsert(key, client, size, new ReplicateConfig { SoftPinAction = action }, on);
            Quick.Equal(_naive.Upsert(key, client, size, on, action, _real.Now), (result.Error, result.Replicas.Count));
        }

        private void StartCopy(string key, HotStandby.Messages.Identity.Uuid client, Step step)
        {
            var target = 1 + ((uint)step.Number % _lastHandle);
            var source = _real.State.Find(HotStandby.Messages.Identity.ObjectKey.From(key)) is { } record && step.Number < 8
                ? record.Replica(0).SegmentHandle
                : _lastHandle;
            uint[] targets = step.Kind == Kind.CopyToTwo ? [target, _lastHandle] : [target];
            var result = _real.Transfer(key, source, targets, client, move: step.Kind == Kind.Move);
            Quick.Equal(
                _naive.StartCopy(key, client, source, targets, step.Kind == Kind.Move, _real.Now), (result.Error, result.Replicas.Count));
        }

        private void Happen(Step step)
        {
            switch (step.Kind)
            {
                case Kind.WaitABit:
                    _real.Advance(TimeSpan.FromSeconds(step.Number));
                    break;
                case Kind.WaitLong:
                    _real.Advance(TimeSpan.FromSeconds(31 * step.Number));
                    break;
                case Kind.CommitSome:
                    Commit(step.Number * 2);
                    break;
                case Kind.CommitOne:
                    Commit(1);
                    break;
                case Kind.Kill when step.Number < 4 && _dead.Count < _lastHandle:
                    Kill(1 + ((uint)step.Number % _lastHandle));
                    break;
                case Kind.Drop when _dead.Count > 0:
                    var dropped = _dead[step.Number % _dead.Count];
                    _real.DropSegment(dropped);
                    _naive.DropSegment(dropped);
                    break;
                case Kind.Sweep:
                    Commit(int.MaxValue); // the order in which equally old puts are swept is nobody's promise
                    _real.Sweep();
                    _naive.Sweep(_real.Now);
                    Commit(int.MaxValue);
                    break;
                case Kind.Evict:
                    Quick.Equal(_naive.Evict(Keys[step.Key], _real.Now), _real.Evict(Keys[step.Key]));
                    break;
                case Kind.ClientGone when step.Number < 2:
                    Commit(int.MaxValue);
                    _real.ClientGone(step.Client == 0 ? TestPrimary.Alice : TestPrimary.Bob);
                    _naive.ClientGone(step.Client == 0 ? TestPrimary.Alice : TestPrimary.Bob, _real.Now);
                    Commit(int.MaxValue);
                    break;
                case Kind.FailOver:
                    Commit(int.MaxValue);
                    _real.FailOver();
                    _naive.FailOver(_real.Now);
                    break;
            }
        }

        private void Commit(int atMost)
        {
            var count = Math.Min(atMost, _real.Pending);
            _real.Commit(count);
            _naive.Commit(count);
        }

        /// <summary>The segment dies; its owner, or another, mounts a new one.</summary>
        private void Kill(uint handle)
        {
            if (!_real.IsMounted(handle))
                return;
            _real.Kill(handle);
            _naive.Kill(handle);
            _dead.Add(handle);
            _real.Mount(++_lastHandle);
            _naive.Mount(_lastHandle);
        }

        private void Agree()
        {
            Quick.Equal(_naive.Objects, _real.State.ObjectCount);
            Quick.Equal(_naive.Parked, _real.State.ParkedCount);
            Quick.Equal(_naive.Uncommitted, _real.Pending);
            Quick.Equal((_naive.Evictable, _naive.SoftPinned), (_real.Leader.EvictableCount, _real.Leader.SoftPinnedCount));
            Quick.Equal(_naive.Buffers, _real.State.EnumerateLiveExtents().Count());
            TestPrimary.AssertDisjoint(_real.State.EnumerateLiveExtents());
        }
    }
}
