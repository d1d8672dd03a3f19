// Holds the replicas of a small cluster and does by hand what the world does in production: delivers or drops messages, confirms
// journal writes, moves the clock. Nothing happens that a test does not ask for.
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Replication;

/// <summary>A message under way.</summary>
public sealed record UnderWay(int From, int To, ReplicationMessage Message);

/// <summary>The driver.</summary>
public sealed class ReplicaDriver
{
    private readonly Machine[] _machines;
    private ulong _incarnations;
    private ulong _memories;

    public ReplicaDriver(int nodes, Func<ReplicaSettings, ReplicaSettings>? change = null, RecoveredJournal?[]? journals = null)
    {
        Ids = [.. Enumerable.Range(0, nodes).Select(i => new NodeId($"n{i}"))];
        _machines = [.. Ids.Select(id =>
        {
            var settings = new ReplicaSettings { Self = id, Voters = Ids };
            return new Machine { Settings = change?.Invoke(settings) ?? settings, Memory = ++_memories };
        })];
        for (var i = 0; i < nodes; i++)
            Start(i, journals?[i]);
    }

    /// <summary>The voters.</summary>
    public NodeId[] Ids { get; }

    /// <summary>Everybody's clock, in milliseconds.</summary>
    public long NowMilliseconds { get; private set; } = 1_000_000;

    /// <summary>What was sent and neither delivered nor dropped.</summary>
    public List<UnderWay> Messages { get; } = [];

    public Replica this[int node] => _machines[node].Replica!;

    public ReplicaState State(int node) => this[node].State;

    private long Now => NowMilliseconds * TimeSpan.TicksPerMillisecond;

    /// <summary>All effects of a node since its start but sends.</summary>
    public List<Effect> Effects(int node) => _machines[node].Effects;

    public int Unconfirmed(int node) => _machines[node].Pending.Count;

    /// <summary>Starts or restarts a process from its disk (or from what the test says); unconfirmed writes are lost.</summary>
    public void Start(int node, RecoveredJournal? journal = null)
    {
        var machine = _machines[node];
        machine.Pending.Clear();
        machine.Effects.Clear();
        machine.Replica = new Replica(
            machine.Settings, journal ?? machine.Recover(), new Life(machine.Memory, ++_incarnations), machine.Birth, Now);
    }

    /// <summary>A new, empty disk; the process starts.</summary>
    public void LoseDisk(int node)
    {
        _machines[node].Disk.Clear();
        (_machines[node].Memory, _machines[node].Birth) = (++_memories, 0);
        Start(node);
    }

    /// <summary>What a start would find on the disk of a node.</summary>
    public RecoveredJournal Recover(int node) => _machines[node].Recover();

    /// <summary>What is on the disk of a node, from a seq on.</summary>
    public IReadOnlyList<OpLogBatch> Read(int node, ulong from) => _machines[node].Read(from);

    /// <summary>As what a node speaks now; or as what another run of it would.</summary>
    public Origin Says(int node, ulong? incarnation = null, bool votes = true) => State(node).Origin with
    {
        Life = State(node).Life with { Incarnation = incarnation ?? State(node).Life.Incarnation },
        Votes = votes,
    };

    public void Input(int node, Action<Replica, long> input)
    {
        var machine = _machines[node];
        input(machine.Replica!, Now);
        foreach (var effect in machine.Replica!.TakeEffects())
        {
            if (effect is Send send)
            {
                Messages.Add(new UnderWay(node, Array.IndexOf(Ids, send.To), send.Message));
                continue;
            }

            machine.Effects.Add(effect);
            if (effect is Born born)
                machine.Birth = born.Birth;
            if (effect is JournalWrite write)
                machine.Pending.Enqueue(write);
        }
    }

    public void Crown(int node) => Input(node, static (replica, now) => replica.Crown(now));

    public void Uncrown(int node) => Input(node, static (replica, now) => replica.Uncrown(now));

    public void Tick(int node) => Input(node, (replica, now) => replica.Tick(now, NowMilliseconds));

    /// <summary>Time passes for everybody; nobody is ticked.</summary>
    public void Wait(long milliseconds) => NowMilliseconds += milliseconds;

    /// <summary>Confirms every write of a node.</summary>
    public void Persist(int node)
    {
        while (_machines[node].Pending.Count > 0)
            PersistOne(node);
    }

    public void PersistOne(int node)
    {
        _machines[node].Disk.Add(_machines[node].Pending.Dequeue());
        Input(node, static (replica, now) => replica.Persisted(now));
    }

    /// <summary>Hands a message to a node, under way or not.</summary>
    public void Hand(int node, ReplicationMessage message) => Input(node, (replica, now) => replica.Receive(message, now));

    /// <summary>Delivers what is under way and fits, in order; what is sent meanwhile stays. Returns how many.</summary>
    public int Deliver(Func<UnderWay, bool> fits)
    {
        var chosen = Messages.Where(fits).ToArray();
        Messages.RemoveAll(chosen.Contains);
        foreach (var each in chosen)
            Hand(each.To, each.Message);
        return chosen.Length;
    }

    public int Drop(Func<UnderWay, bool> fits) => Messages.RemoveAll(each => fits(each));

    /// <summary>Messages arrive, writes are confirmed, reads are answered, until all is quiet. Only among these nodes, if given.</summary>
    public void Settle(params int[] among)
    {
        bool Works(int node) => among.Length == 0 || among.Contains(node);
        bool moved;
        do
        {
            Drop(each => !Works(each.From) || !Works(each.To));
            moved = Deliver(static _ => true) > 0;
            for (var node = 0; node < _machines.Length; node++)
            {
                if (!Works(node))
                    continue;
                moved |= Unconfirmed(node) > 0;
                Persist(node);
                moved |= AnswerReads(node);
            }
        }
        while (moved);
    }

    /// <summary>Answers what a node wants read from its journal. True when there was something.</summary>
    public bool AnswerReads(int node)
    {
        var machine = _machines[node];
        var reads = machine.Effects.Where(static effect => effect is ReadJournal or ReadTail).ToArray();
        machine.Effects.RemoveAll(reads.Contains);
        foreach (var read in reads)
            Input(node, (replica, now) =>
            {
                if (read is ReadJournal journal)
                    replica.JournalRead(journal.Standby, machine.Read(journal.FromSequence), now);
                else if (read is ReadTail tail)
                    replica.TailRead(tail, machine.Read(tail.PreviousSequence + 1)[0]);
            });
        return reads.Length > 0;
    }

    /// <summary>Crowns a node and lets the given nodes elect it; fails when they do not.</summary>
    public void Elect(int node, params int[] among)
    {
        Crown(node);
        Settle(among);
        for (var i = 0; i < 40 && this[node].Role != ReplicaRole.Primary; i++)
        {
            Wait(100);
            Tick(node);
            Settle(among);
        }

        Assert.Equal(ReplicaRole.Primary, this[node].Role);
        Tick(node);
        Settle(among);
    }

    /// <summary>The given nodes' time passes in ticks of 100 ms with everything delivered among them.</summary>
    public void Run(long milliseconds, params int[] among)
    {
        for (var end = NowMilliseconds + milliseconds; NowMilliseconds < end;)
        {
            Wait(100);
            foreach (var node in among.Length == 0 ? Enumerable.Range(0, _machines.Length) : among)
                Tick(node);
            Settle(among);
        }
    }

    /// <summary>Proposes entries and closes their batch. Returns the last seq.</summary>
    public ulong Propose(int node, int entries = 1)
    {
        var last = 0UL;
        Input(node, (replica, now) =>
        {
            last = replica.Propose(Drafts(entries), now, 0);
            replica.Flush(now);
        });
        return last;
    }

    private static byte s_payload;

    public static DraftBuffer Drafts(int entries)
    {
        var drafts = new DraftBuffer(Partition.SegmentTable);
        for (var i = 0; i < entries; i++)
            drafts.Add(OpType.MountSegment, default, 0, 8).Fill(s_payload++);
        return drafts;
    }

    /// <summary>A batch of some epoch from some seq on.</summary>
    public static OpLogBatch Batch(ulong epoch, ulong first, int count = 1, ulong commit = 0)
    {
        var writer = new BatchWriter();
        var rest = Drafts(count).Bytes;
        for (var i = 0; i < count; i++)
        {
            OpLogEntry.TryView(rest, out var entry);
            writer.Add(entry.Encoded, first + (ulong)i, epoch, 0);
            rest = rest[entry.Encoded.Length..];
        }

        return writer.Close(commit);
    }

    /// <summary>A journal of a voter that holds these epochs: (epoch, last seq) pairs, oldest first.</summary>
    public static RecoveredJournal Journal(ulong commit, params (ulong Epoch, ulong Last)[] epochs)
    {
        var log = new LogIndex();
        foreach (var (epoch, last) in epochs)
            log.Append(Batch(epoch, log.LastSequence + 1, (int)(last - log.LastSequence)));
        return new RecoveredJournal(log, commit, log.LastEpoch, NodeId.None, true);
    }

    private sealed class Machine
    {
        public required ReplicaSettings Settings { get; init; }

        public required ulong Memory { get; set; }

        public ulong Birth { get; set; }

        public Replica? Replica { get; set; }

        public Queue<JournalWrite> Pending { get; } = [];

        public List<JournalWrite> Disk { get; } = [];

        public List<Effect> Effects { get; } = [];

        public List<OpLogBatch> Read(ulong from) =>
            [.. Batches().Where(batch => batch.LastSequence >= from).Select(batch => batch.From(from))];

        public RecoveredJournal Recover()
        {
            var log = new LogIndex();
            foreach (var batch in Batches())
                log.Append(batch);
            var promise = Disk.OfType<WritePromise>().LastOrDefault();
            return new RecoveredJournal(
                log, 0, promise?.Epoch ?? 0, promise?.Candidate ?? NodeId.None, Disk.Any(static write => write is WriteVoting),
                VotingMemory: Disk.OfType<WriteVoting>().LastOrDefault()?.Memory ?? 0);
        }

        private List<OpLogBatch> Batches()
        {
            var batches = new List<OpLogBatch>();
            foreach (var write in Disk)
            {
                if (write is WriteBatch batch)
                    batches.Add(batch.Batch);
                else if (write is WriteCut cut)
                {
                    batches.RemoveAll(each => each.FirstSequence > cut.LastKeptSequence);
                    if (batches.Count > 0 && batches[^1].LastSequence > cut.LastKeptSequence)
                        batches[^1] = batches[^1].Until(cut.LastKeptSequence);
                }
            }

            return batches;
        }
    }
}
