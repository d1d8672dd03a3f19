// One reign: gives seqs, closes batches, sends them to the Standbys in windows, counts what is stored where, keeps the lease.
using System.Text;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Replication;

/// <summary>The Primary's half of the protocol.</summary>
internal sealed class PrimaryRole
{
    // A successor that has more to apply would serve late. What /ready allows, too.
    private const ulong MostMissingOfSuccessor = 10_000;

    private readonly ReplicaState _state;
    private readonly BatchWriter _open = new();
    private readonly StandbyProgress[] _standbys;
    private readonly ulong[] _stored;
    private readonly long[] _heard;
    private readonly Queue<ulong> _uncommittedBatches = [];
    private readonly long _beganAtTicks;
    private long _wallMilliseconds; // as of the last tick
    private long _openSinceTicks;
    private long _advancedAtTicks; // when the commit last advanced, or nothing waited for it
    private bool _reignAnnounced, _serves;

    /// <summary>Begins to lead.</summary>
    /// <param name="state">The books.</param>
    /// <param name="epoch">In which epoch.</param>
    /// <param name="roll">
    /// The voters from here on: what the log says, with this node, and with the lives whose seals were counted where it says nothing.
    /// </param>
    /// <param name="nowTicks">Now.</param>
    /// <param name="wallMilliseconds">For people.</param>
    public PrimaryRole(ReplicaState state, ulong epoch, VoterRoll roll, long nowTicks, long wallMilliseconds)
    {
        (_state, Epoch, _beganAtTicks, _wallMilliseconds) = (state, epoch, nowTicks, wallMilliseconds);
        var next = state.Log.LastSequence + 1;
        _standbys = [.. state.Settings.Peers.Select(peer => new StandbyProgress(peer, state.Log.Roster.SeatOf(peer), next))];
        (_stored, _heard) = (new ulong[_standbys.Length + 1], new long[_standbys.Length + 1]);
        var start = new DraftBuffer(Partition.SegmentTable);
        roll.WriteTo(start.Add(OpType.EpochStart, default, 0, roll.EncodedBytes));
        EpochStartSequence = Propose(start, nowTicks, wallMilliseconds);
        if (_open.Count > 0)
            CloseBatch(); // whatever the linger time: nothing is served before it is committed
        Flush(nowTicks);
        foreach (var standby in _standbys)
            SendAppend(standby, null, nowTicks);
    }

    public ulong Epoch { get; }

    public ulong EpochStartSequence { get; }

    public IReadOnlyList<StandbyProgress> Standbys => _standbys;

    /// <summary>Until when this node may answer clients; long.MinValue before the first majority of acknowledgements.</summary>
    public long LeaseUntilTicks { get; private set; } = long.MinValue;

    /// <summary>Seq of the last proposed entry, whether its batch is closed or not.</summary>
    public ulong LastProposed => _state.Log.LastSequence + (ulong)_open.Count;

    public bool EverythingIsCommitted => LastProposed == _state.CommitSequence;

    /// <summary>Takes ownership of drafts and gives them their seqs. Returns the last one.</summary>
    public ulong Propose(DraftBuffer drafts, long nowTicks, long wallMilliseconds)
    {
        var rest = drafts.Bytes;
        while (OpLogEntry.TryView(rest, out var draft))
        {
            if (_open.Count > 0 && _open.Length + draft.Encoded.Length > _state.Settings.BatchBytes)
                CloseBatch(); // only an entry that is larger by itself makes a batch that is larger
            if (_open.Count == 0)
                _openSinceTicks = nowTicks;
            _open.Add(draft.Encoded, LastProposed + 1, Epoch, wallMilliseconds);
            rest = rest[draft.Encoded.Length..];
            if (_open.Count >= _state.Settings.BatchEntries || _open.Length >= _state.Settings.BatchBytes)
                CloseBatch();
        }

        drafts.Release();
        return LastProposed;
    }

    /// <summary>The end of a turn: closes the open batch unless it may linger, and tells the Standbys what is news.</summary>
    public void Flush(long nowTicks)
    {
        Advance(nowTicks);
        // While enough batches are under way, what is proposed gathers in one batch instead of making many small ones: each
        // costs the same journal write and the same messages, whatever its size. The next commit closes it.
        if (_open.Count > 0 && _uncommittedBatches.Count < _state.Settings.PipelineBatches
            && nowTicks - _openSinceTicks >= _state.Settings.LingerTicks)
            CloseBatch();
        foreach (var standby in _standbys)
        {
            Stream(standby, nowTicks);
            if (standby.State == LinkState.Stream && standby.CommitSent < _state.CommitSequence)
                SendAppend(standby, null, nowTicks);
        }
    }

    public void OnAcknowledged(AppendAcknowledged message, long nowTicks)
    {
        if (message.Epoch != Epoch || Find(message.From) is not { } standby
            || !standby.Meet(message.Origin.Life, nowTicks, _state.Settings.LeaseDurationTicks))
            return;
        standby.Acknowledged(message.StoredSequence, message.AppliedSequence, message.Origin.Votes, message.SentAtTicks, nowTicks);
        if (standby.State == LinkState.Probe)
            standby.State = LinkState.Stream;
        if (MayReturn(standby, nowTicks))
            Welcome(standby, nowTicks);
        RenewLease(nowTicks);
        Advance(nowTicks);
        Stream(standby, nowTicks);
    }

    // A life that does not claim a vote may have this name's, once this reign has committed its first entry. It must hold the entry that
    // names the one before it, so that a life which was named once and replaced finds that out instead of being named again. And that one
    // must be silent for so long that no lease rests on it.
    private bool MayReturn(StandbyProgress standby, long nowTicks) =>
        _reignAnnounced && !standby.Votes && standby.Life.Memory != standby.Seat.Memory
        && standby.MatchSequence >= Math.Max(_state.Log.BaseSequence, standby.Seat.Sequence)
        && (standby.Seat.Memory == 0
            || nowTicks - Math.Max(standby.VoterHeardAtTicks, _beganAtTicks) >= _state.Settings.LeaseDurationTicks);

    // It takes the vote of the life before it now, and has it once this is committed, by a majority of the others: so all that the lost
    // memory had promised and stored stands before it.
    private void Welcome(StandbyProgress standby, long nowTicks)
    {
        var welcome = new DraftBuffer(Partition.SegmentTable);
        new VoterReturnedPayload(standby.Life).WriteTo(
            welcome.Add(OpType.VoterReturned, Encoding.UTF8.GetBytes(standby.Node.Name), 0, VoterReturnedPayload.EncodedBytes));
        _state.Effects.Add(new OwnEntryAppended(Propose(welcome, nowTicks, _wallMilliseconds)));
        if (_open.Count > 0)
            CloseBatch(); // what it says is in force once it is in the log
    }

    public void OnGap(AppendRefused message, long nowTicks)
    {
        if (Find(message.From) is not { } standby || !standby.IsFresh(message.SentAtTicks)
            || !standby.Meet(message.Origin.Life, nowTicks, _state.Settings.LeaseDurationTicks))
            return;
        standby.RestartFrom(_state.Log.CommonPoint(message.Log) + 1, nowTicks);
        standby.State = LinkState.Stream;
        Stream(standby, nowTicks);
        if (!standby.HasInFlight && standby.State == LinkState.Stream)
            SendAppend(standby, null, nowTicks);
    }

    /// <summary>
    /// Batches that a Standby behind the window waits for, as read from the journal; none when it could not be read. What was
    /// read in an earlier reign may have been cut off since.
    /// </summary>
    public void OnJournalRead(NodeId node, IReadOnlyList<OpLogBatch> batches, long nowTicks)
    {
        if (Find(node) is not { State: LinkState.CatchUp } standby)
            return;
        standby.State = LinkState.Stream;
        foreach (var batch in batches)
            if (_state.Log.EpochOf(batch.LastSequence) == batch.Epoch
                && batch.FirstSequence <= standby.NextSequence && batch.LastSequence >= standby.NextSequence)
                SendAppend(standby, batch.From(standby.NextSequence), nowTicks);
        Stream(standby, nowTicks);
    }

    /// <summary>
    /// The partitions lead and answer clients from now on, or take nothing new because this node hands over. The Standbys hear it at once.
    /// </summary>
    public void Serve(bool serves, long nowTicks)
    {
        if (_serves == serves)
            return;
        _serves = serves;
        foreach (var standby in _standbys)
            SendAppend(standby, null, nowTicks);
    }

    /// <summary>This node, while it serves.</summary>
    public Service? ServiceAt(long nowTicks) =>
        _serves && nowTicks < LeaseUntilTicks ? new Service(_state.Settings.Self, Epoch, LeaseUntilTicks) : null;

    /// <summary>Heartbeats and resends. Not null: why this node can lead no longer.</summary>
    public string? Tick(long nowTicks, long wallMilliseconds)
    {
        _wallMilliseconds = wallMilliseconds;
        RenewLease(nowTicks);
        var patience = Math.Max(LeaseUntilTicks, _beganAtTicks + (2 * _state.Settings.LeaseDurationTicks));
        if (nowTicks >= patience)
            return "the lease could not be renewed";
        if (NeedsToGiveImages(nowTicks))
            return "a majority needs a full sync, and this reign's images hold what is not committed";
        foreach (var standby in _standbys)
        {
            if (standby.HasInFlight && nowTicks - standby.ProgressAtTicks >= _state.Settings.ResendTicks
                && nowTicks - standby.SentAtTicks >= _state.Settings.HeartbeatTicks)
                standby.RestartFrom(standby.MatchSequence + 1, nowTicks);
            if (nowTicks - standby.SentAtTicks >= _state.Settings.HeartbeatTicks)
                SendAppend(standby, null, nowTicks);
        }

        Flush(nowTicks);
        return null;
    }

    // A voter without which there is no majority lacks entries that are in no log any more. The images that it needs stand for all that
    // this reign has proposed, and go out when that is committed: never, without this voter. The next reign opens only with a commit, so
    // until then this node's images stand for what is committed.
    private bool NeedsToGiveImages(long nowTicks)
    {
        if (EverythingIsCommitted)
            _advancedAtTicks = nowTicks;
        if (!_reignAnnounced || nowTicks - _advancedAtTicks < 2 * _state.Settings.LeaseDurationTicks)
            return false;
        var reached = _standbys.Count(standby =>
            standby.MatchSequence >= _state.Log.BaseSequence
            && nowTicks - Math.Max(standby.HeardAtTicks, _beganAtTicks) < _state.Settings.LeaseDurationTicks);
        return 1 + reached < _state.Settings.Majority;
    }

    /// <summary>Gives the lease up.</summary>
    /// <param name="successor">Who is invited to lead next; none: whoever the oracle crowns.</param>
    public void ReleaseGrants(NodeId successor)
    {
        LeaseUntilTicks = long.MinValue;
        foreach (var standby in _standbys)
            _state.Send(standby.Node, new GrantReleased(_state.Origin, Epoch, successor));
    }

    /// <summary>Nothing is lost, and nothing must be fetched, when this node stops leading now and that one begins.</summary>
    public bool IsReadyFor(NodeId successor) =>
        EverythingIsCommitted && (Find(successor) is not { } standby || standby.MatchSequence == LastProposed);

    /// <summary>Checks the Standby that shall lead next, or takes the one that is furthest; null, or why there is none.</summary>
    public string? ChooseSuccessor(ref NodeId to, long nowTicks)
    {
        if (to != NodeId.None)
            return Find(to) is { } named ? WhyNotReady(named, nowTicks) : $"{to} is not another voter of this cluster";
        var best = _standbys.Where(each => WhyNotReady(each, nowTicks) is null)
            .MaxBy(static each => (each.MatchSequence, each.AppliedSequence));
        if (best is null)
            return _standbys.Length == 0 ? "there is no other voter"
                : $"no Standby is ready: {string.Join("; ", _standbys.Select(each => WhyNotReady(each, nowTicks)))}";
        to = best.Node;
        return null;
    }

    private string? WhyNotReady(StandbyProgress standby, long nowTicks)
    {
        var silent = nowTicks - Math.Max(standby.HeardAtTicks, _beganAtTicks);
        var missing = LastProposed - Math.Min(standby.AppliedSequence, LastProposed);
        return standby.HeardAtTicks == long.MinValue ? $"{standby.Node} has not been heard since this node leads"
            : silent > _state.Settings.LeaseDurationTicks / 2
            ? $"{standby.Node} has not been heard for {silent / TimeSpan.TicksPerMillisecond} ms"
            : !standby.Voting ? $"{standby.Node} does not vote yet: it lacks entries"
            : standby.AppliedSequence == 0 ? $"{standby.Node} has applied nothing: its state is not whole"
            : missing > MostMissingOfSuccessor ? $"{standby.Node} has {missing} entries to apply, {MostMissingOfSuccessor} are allowed"
            : null;
    }

    private void CloseBatch()
    {
        _state.Append(_open.Close(_state.CommitSequence));
        _uncommittedBatches.Enqueue(_state.Log.LastSequence);
    }

    private StandbyProgress? Find(NodeId node) => Array.Find(_standbys, standby => standby.Node == node);

    private void Stream(StandbyProgress standby, long nowTicks)
    {
        if (standby.State == LinkState.Stream && standby.NextSequence <= _state.Log.BaseSequence)
        {
            // Heartbeats go on; each refusal of one tells it again, until it has synced and names a later end.
            standby.State = LinkState.Probe;
            _state.Send(standby.Node, _state.EntriesGone(Epoch, nowTicks));
            return;
        }

        while (standby.State == LinkState.Stream && standby.NextSequence <= _state.Log.LastSequence
               && standby.InFlightBytes < _state.Settings.InFlightBytes)
        {
            if (_state.Window.From(standby.NextSequence) is not { } batch)
            {
                standby.State = LinkState.CatchUp;
                _state.Effects.Add(new ReadJournal(standby.Node, standby.NextSequence));
                return;
            }

            SendAppend(standby, batch, nowTicks);
        }
    }

    private void SendAppend(StandbyProgress standby, OpLogBatch? batch, long nowTicks)
    {
        var previous = (batch?.FirstSequence ?? standby.NextSequence) - 1;
        var previousEpoch = _state.Log.EpochOf(previous)
            ?? throw new InvariantViolation(2, $"{standby.Node} is sent {previous}, which is not in the log");
        _state.Send(standby.Node, new AppendBatch(
            _state.Origin, Epoch, previousEpoch, previous, batch, _state.CommitSequence, _state.Log.LastSequence, nowTicks,
            Serves: ServiceAt(nowTicks) is not null));
        standby.SentAtTicks = nowTicks;
        standby.CommitSent = _state.CommitSequence;
        if (batch is null)
            return;
        if (!standby.HasInFlight)
            standby.ProgressAtTicks = nowTicks;
        standby.Sent(batch.LastSequence, batch.Encoded.Length);
    }

    // Committed is what a majority of voters stores, and only if the newest of it is of this epoch: an older epoch's entry
    // on a majority may still be replaced until one of ours stands above it.
    private void Advance(long nowTicks)
    {
        for (var i = 0; i < _standbys.Length; i++)
            _stored[i] = Counts(_standbys[i]) ? _standbys[i].MatchSequence : 0;
        _stored[^1] = SelfCounts ? _state.DurableSequence : 0;
        Array.Sort(_stored);
        var majority = _stored[_stored.Length - _state.Settings.Majority];
        if ((majority < EpochStartSequence && !_state.Settings.CommitsOlderEpochs) || !_state.Commit(majority))
            return;
        _advancedAtTicks = nowTicks;
        _state.ClaimVote(); // for a Primary that won without one: a majority of the others has committed the entry that names it
        while (_uncommittedBatches.TryPeek(out var last) && last <= majority)
            _uncommittedBatches.Dequeue();
        if (_reignAnnounced)
            return;
        _reignAnnounced = true;
        RenewLease(nowTicks);
        _state.Effects.Add(new BeginReign(Epoch, EpochStartSequence));
    }

    private bool Counts(StandbyProgress standby) => _state.Counts(standby.Seat, standby.Life, standby.Votes);

    private bool SelfCounts => _state.Counts(_state.OwnSeat, _state.Life, _state.Voting);

    private void RenewLease(long nowTicks)
    {
        for (var i = 0; i < _standbys.Length; i++)
            _heard[i] = Counts(_standbys[i]) ? _standbys[i].AcknowledgedSentAtTicks : long.MinValue;
        _heard[^1] = SelfCounts ? nowTicks : long.MinValue;
        Array.Sort(_heard);
        var majority = _heard[_heard.Length - _state.Settings.Majority];
        if (majority != long.MinValue)
            LeaseUntilTicks = Math.Max(LeaseUntilTicks, majority + _state.Settings.LeaseDurationTicks - _state.Settings.DriftMarginTicks);
    }
}
