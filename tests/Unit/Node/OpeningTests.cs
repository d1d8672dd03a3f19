// How a reign opens: the cell of one node's replica, with the replicas of two others. The first read of the journal for the partitions is
// answered, and they take what they are given, when the test says so.
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;
using HotStandby.Tests.Unit.Replication;

namespace HotStandby.Tests.Unit.Node;

public sealed class OpeningTests : INodeMemory, IReplicaObserver
{
    private const int MoreThanIsFedAtOnce = 70;

    private readonly ReplicaDriver _others = new(3);
    private readonly Outbox _outbox = new();
    private readonly Queue<object> _mail = [];
    private readonly List<object> _toSegments = [];
    private readonly List<OpLogBatch> _written = [];
    private ReplicaCell _cell = null!;
    private GetEntriesSince? _feedReads;
    private Life _life;

    [Fact]
    public void Partitions_lead_when_they_have_been_given_what_the_Primary_has_appended_by_itself_and_are_given_nothing_after_that()
    {
        _others.Elect(0);
        _others.Run(400);
        for (var i = 0; i < MoreThanIsFedAtOnce; i++)
        {
            _others.Propose(0);
            _others.Settle(); // a batch of its own
        }

        _others.LoseDisk(2); // a voter will have returned, in an entry of the Primary's own, before the partitions have come so far
        Start();
        Take(Crown.Instance);
        Run(until: () => _cell.Replica is { Role: ReplicaRole.Primary, State: { } state }
            && state.CommitSequence == state.Log.LastSequence && _written[^1].FirstSequence > _written[0].FirstSequence);
        Assert.DoesNotContain(_toSegments, static message => message is ApplyEntries or BeginLeading);

        Assert.True(_others.Read(0, 1).Count > MoreThanIsFedAtOnce);
        Take(new EntriesSince([.. _others.Read(0, 1), .. _written], _feedReads!.Purpose));
        for (var i = 0; i < _toSegments.Count; i++)
            if (_toSegments[i] is ApplyEntries apply)
                Take(new EntriesApplied(apply.StateNumber, apply.Batch.LastSequence));
        Assert.Equal(_cell.Replica!.State.Log.LastSequence, _toSegments.OfType<ApplyEntries>().Last().Batch.LastSequence);
        Assert.IsType<BeginLeading>(_toSegments[^1]);
    }

    private void Start()
    {
        _life = _others.State(0).Life with { Incarnation = _others.State(0).Life.Incarnation + 1 };
        var settings = new ReplicaCellSettings(
            new ReplicaSettings { Self = _others.Ids[0], Voters = _others.Ids }, Shards: 1, TimeSpan.FromMilliseconds(100),
            MaximumReplicationLagTicks: long.MaxValue, CheckpointBytes: long.MaxValue, CheckpointIntervalTicks: long.MaxValue,
            RetainBytes: 0);
        _cell = new ReplicaCell(settings, this, this, _outbox);
        Take(new OpLogRecovered(_others.Recover(0)));
        Take(new PeersAre(_others.Ids[1..]));
    }

    private void Run(Func<bool> until)
    {
        for (var i = 0; !until(); i++)
        {
            Assert.True(i < 200, "not within 20 s");
            _others.Wait(100);
            _others.Tick(1);
            _others.Tick(2);
            Take(ReplicaTick.Instance);
            Settle();
        }
    }

    private void Settle()
    {
        bool moved;
        do
        {
            var messages = _others.Messages.Where(static each => each.From != 0).ToArray();
            _others.Messages.Clear();
            foreach (var each in messages)
                if (each.To == 0)
                    Take(each.Message);
                else
                    _others.Hand(each.To, each.Message);
            _others.Persist(1);
            _others.Persist(2);
            moved = messages.Length > 0;
        }
        while (moved);
    }

    private void Take(object message)
    {
        _mail.Enqueue(message);
        while (_mail.TryDequeue(out var next))
        {
            Assert.True(_cell.Receive(next, default, new Moment(_others.NowMilliseconds * TimeSpan.TicksPerMillisecond, 0)));
            var letters = _outbox.Letters.ToArray();
            _outbox.Clear();
            foreach (var letter in letters)
                CarryOut(letter);
        }
    }

    private void CarryOut(Letter letter)
    {
        switch (letter.Message)
        {
            case ReplicationMessage message when letter.To.Kind == CellKind.Peer:
                _others.Hand(Array.FindIndex(_others.Ids, id => id.Name == (string)letter.To.Who!), message);
                break;
            case JournalWrite write:
                if (write is WriteBatch { Batch: var batch })
                    _written.Add(batch);
                _mail.Enqueue(JournalWritten.Instance);
                break;
            case GetEntriesSince { Purpose: var purpose } request
                when _feedReads is null && purpose.ToString()!.StartsWith("ForFeed", StringComparison.Ordinal):
                _feedReads = request;
                break;
            case GetEntriesSince request:
                OpLogBatch[] all = [.. _others.Read(0, 1), .. _written];
                _mail.Enqueue(new EntriesSince(
                    [all.First(each => each.LastSequence >= request.FromSequence).From(request.FromSequence)], request.Purpose));
                break;
            case RestoreImages restore:
                _mail.Enqueue(new ImagesRestored(restore.StateNumber, new ImageStamp[2]));
                break;
            case var message when letter.To == CellAddress.Replica:
                _mail.Enqueue(message);
                break;
            case var message when letter.To == CellAddress.SegmentTable:
                _toSegments.Add(message);
                break;
            default:
                break;
        }
    }

    /// <inheritdoc/>
    Life INodeMemory.Life => _life;

    /// <inheritdoc/>
    ulong INodeMemory.Birth => _others.State(0).Birth;

    /// <inheritdoc/>
    ulong INodeMemory.FirstMemory => _life.Memory;

    /// <inheritdoc/>
    bool INodeMemory.NeedsFullSync => false;

    /// <inheritdoc/>
    Life INodeMemory.RenewMemory() => throw new InvalidOperationException("its log names this memory");

    /// <inheritdoc/>
    void INodeMemory.StoreBirth(ulong birth)
    {
    }

    /// <inheritdoc/>
    void INodeMemory.NoteFullSync(bool isNeeded)
    {
    }

    /// <inheritdoc/>
    void IReplicaObserver.Heard(ReplicationMessage message, long nowTicks)
    {
    }

    /// <inheritdoc/>
    void IReplicaObserver.Committed(ulong sequence, long proposedAtTicks, long nowTicks)
    {
    }

    /// <inheritdoc/>
    void IReplicaObserver.Applied(ulong sequence, long nowTicks)
    {
    }

    /// <inheritdoc/>
    void IReplicaObserver.Became(RoleChanged changed, long nowTicks)
    {
    }

    /// <inheritdoc/>
    void IReplicaObserver.Serves(long nowTicks)
    {
    }
}
