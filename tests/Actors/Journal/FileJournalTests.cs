// The plugin as a node uses it: persistent actors over the real disk, restarts, catch-up from the middle, deletes, and
// the refusals and failures that must reach the event stream.

using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Persistence;
using HotStandby.Actors.Journal;

namespace HotStandby.Tests.Actors.Journal;

public sealed class FileJournalTests : IDisposable
{
    private static readonly TimeSpan Deadline = Tests.Deadline.Step;

    private readonly TemporaryDirectory _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void A_persistent_actor_recovers_after_a_restart_of_the_system()
    {
        Run(node =>
        {
            var actor = node.Start("log-a");
            for (var i = 1; i <= 50; i++)
                node.Ask(actor, new Persist($"event-{i}"), new Persisted(i));
            node.Ask(actor, new PersistTogether(["a", "b", "c"]), new Persisted(53));
        });
        Run(node =>
        {
            var actor = node.Start("log-a");
            node.Ask(actor, "state", string.Join(',', Enumerable.Range(1, 50).Select(i => $"event-{i}").Concat(["a", "b", "c"])));
            node.Ask(actor, new Persist("after"), new Persisted(54));
        });
    }

    [Fact]
    public void Ranges_are_replayed_to_whoever_asks_the_journal_itself() => Run(node =>
    {
        var actor = node.Start("log-a");
        for (var i = 1; i <= 30; i++)
            node.Ask(actor, new Persist($"event-{i}"), new Persisted(i));
        Assert.Equal(Logs.Range(10, 20), node.Replay("log-a", 10, 20, long.MaxValue));
        Assert.Equal(Logs.Range(10, 14), node.Replay("log-a", 10, 20, 5));
        Assert.Equal(Logs.Range(28, 30), node.Replay("log-a", 28, long.MaxValue, long.MaxValue));
        Assert.Empty(node.Replay("log-a", 31, long.MaxValue, long.MaxValue));
        Assert.Empty(node.Replay("log-a", 1, 30, 0));
    });

    [Fact]
    public void Deleted_events_stay_deleted_and_sequenceNrs_go_on()
    {
        Run(node =>
        {
            var actor = node.Start("log-a");
            for (var i = 1; i <= 20; i++)
                node.Ask(actor, new Persist($"event-{i}"), new Persisted(i));
            node.Ask(actor, new Delete(15), new Deleted(15));
            Assert.Equal(Logs.Range(16, 20), node.Replay("log-a", 1, 20, long.MaxValue));
            node.Ask(actor, new Delete(20), new Deleted(20));
        });
        Run(node =>
        {
            var actor = node.Start("log-a");
            node.Ask(actor, "state", "");
            node.Ask(actor, new Persist("next"), new Persisted(21));
        });
    }

    [Fact]
    public void Persistence_ids_do_not_mix_and_any_payload_comes_back() => Run(node =>
    {
        var (first, second) = (node.Start("a/b"), node.Start("a b"));
        for (var i = 1; i <= 10; i++)
        {
            node.Ask(first, new Persist($"first-{i}"), new Persisted(i));
            node.Ask(second, new Persist($"second-{i}"), new Persisted(i));
        }
        node.Kill(first);
        node.Ask(node.Start("a/b"), "state", string.Join(',', Enumerable.Range(1, 10).Select(i => $"first-{i}")));
        var typed = node.Start("typed");
        node.Ask(typed, new Persist(new Order("x", 3)), new Persisted(1));
        node.Kill(typed);
        node.Ask(node.Start("typed"), "state", new Order("x", 3).ToString());
    });

    [Fact]
    public void A_torn_tail_is_cut_and_damage_in_the_middle_stops_recovery_and_is_published()
    {
        Run(node =>
        {
            var actor = node.Start("log-a");
            for (var i = 1; i <= 5; i++)
                node.Ask(actor, new Persist($"event-{i}"), new Persisted(i));
        });
        var segment = Path.Combine(DataPath, "logs", "log-a", SegmentHeader.FileName(1));
        var bytes = File.ReadAllBytes(segment);
        File.WriteAllBytes(segment, bytes[..^3]);
        Run(node => node.ExpectWarning("torn tail of", () => node.Ask(node.Start("log-a"), "state", "event-1,event-2,event-3,event-4")));

        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(segment, bytes);
        Run(node =>
        {
            node.Start("log-a");
            var fault = node.Expect<JournalFault>();
            Assert.Equal((JournalFaultKind.Damaged, "log-a", segment, 65), (fault.Kind, fault.LogName, fault.File, fault.ExitCode));
            Assert.IsType<JournalDamaged>(node.Expect<RecoveryRefused>().Cause);
        });
        Assert.Equal(bytes, File.ReadAllBytes(segment));
    }

    [Fact]
    public void Another_nodes_directory_is_refused_and_left_alone()
    {
        Run(node => node.Ask(node.Start("log-a"), new Persist("mine"), new Persisted(1)));
        Run(node =>
        {
            node.Start("log-a");
            Assert.Equal(JournalFaultKind.Refused, node.Expect<JournalFault>().Kind);
            Assert.Equal(RefusalKind.AnotherNode, Assert.IsType<DataDirectoryRefused>(node.Expect<RecoveryRefused>().Cause).Kind);
        }, nodeId: "node2");
        Run(node => node.Ask(node.Start("log-a"), "state", "mine"));
    }

    [Fact]
    public void Two_systems_never_share_a_directory() => Run(_ => Run(node =>
    {
        node.Start("log-a");
        Assert.Equal(JournalFaultKind.Refused, node.Expect<JournalFault>().Kind);
        Assert.Equal(RefusalKind.InUse, Assert.IsType<DataDirectoryRefused>(node.Expect<RecoveryRefused>().Cause).Kind);
    }), startJournal: true);

    [Fact]
    public void A_failing_disk_stops_the_actor_and_is_published_and_nothing_acknowledged_is_lost()
    {
        var disk = new MemoryDisk();
        Run(node =>
        {
            var actor = node.Start("log-a");
            node.Ask(actor, new Persist("kept"), new Persisted(1));
            disk.Fault = (call, _) => call == DiskCall.Flush ? new IOException("Input/output error") : null;
            node.Watch(actor);
            actor.Tell(new Persist("lost"), node.TestActor);
            var fault = node.Expect<JournalFault>();
            Assert.Equal((JournalFaultKind.Failed, 74), (fault.Kind, fault.ExitCode));
            node.Expect<Terminated>();
            disk.Fault = null;
            node.Start("log-a");
            Assert.IsType<JournalFailed>(node.Expect<RecoveryRefused>().Cause);
        }, disk: disk);
        Run(node => Assert.Equal(1, node.Replay("log-a", 1, 1, 1).Single()), disk: disk.AfterPowerCut(new Random(1)));
    }

    [Fact]
    public void An_event_that_cannot_be_serialized_fails_its_write_and_leaves_no_hole() => Run(node =>
    {
        var actor = node.Start("log-a");
        node.Ask(actor, new Persist("one"), new Persisted(1));
        node.Watch(actor);
        actor.Tell(new Persist(new Unserializable()), node.TestActor);
        node.Expect<Terminated>();
        var again = node.Start("log-a");
        node.Ask(again, "state", "one");
        node.Ask(again, new Persist("two"), new Persisted(2));
    });

    [Fact]
    public void Wrong_settings_are_all_named_at_once()
    {
        var error = Assert.Throws<ConfigurationException>(() => FileJournalSettings.From(ConfigurationFactory.ParseString("""
            segment-bytes = 1KiB
            flush = sometimes
            flush-interval = 2m
            queue-bytes = 1b
            node-id = n
            """)));
        foreach (var key in new[] { "dir", "cluster-id", "segment-bytes", "flush =", "flush-interval", "queue-bytes" })
            Assert.Contains(key, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("node-id", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_have_defaults_and_are_read()
    {
        var required = ConfigurationFactory.ParseString("dir = /data, cluster-id = c, node-id = n");
        Assert.Equal(new FileJournalSettings("/data", "c", "n", 64 << 20,
            new WriterOptions(FlushPolicy.EveryBatch, TimeSpan.FromSeconds(1), 64 << 20)),
            FileJournalSettings.From(required));
        var all = ConfigurationFactory.ParseString("segment-bytes = 1MiB, flush = interval, flush-interval = 20ms, queue-bytes = 128KiB")
            .WithFallback(required);
        Assert.Equal(new FileJournalSettings("/data", "c", "n", 1 << 20,
            new WriterOptions(FlushPolicy.Interval, TimeSpan.FromMilliseconds(20), 128 << 10)),
            FileJournalSettings.From(all));
    }

    private string DataPath => Path.Combine(_temporary.Path, "data");

    private void Run(Action<Node> test, string nodeId = "node1", IDisk? disk = null, bool startJournal = false)
    {
        using var node = new Node(DataPath, nodeId, disk ?? FileDisk.Instance);
        if (startJournal)
            Assert.Empty(node.Replay("warm-up", 1, 1, 1));
        test(node);
    }

    private sealed record Persist(object Payload);

    private sealed record PersistTogether(string[] Payloads);

    private sealed record Persisted(long SequenceNr);

    private sealed record Delete(long To);

    private sealed record Deleted(long To);

    private sealed record RecoveryRefused(Exception Cause);

    private sealed record Order(string Name, int Count);

    private sealed class Unserializable
    {
        private readonly string _reason = "cannot be read";

        public string Content => throw new InvalidOperationException(_reason);
    }

    private sealed class EventLog : ReceivePersistentActor
    {
        private readonly List<object> _events = [];
        private readonly IActorRef _observer;
        private IActorRef _deleter = ActorRefs.Nobody;

        public EventLog(string persistenceId, IActorRef observer)
        {
            PersistenceId = persistenceId;
            _observer = observer;
            Recover<object>(recovered =>
            {
                if (recovered is not RecoveryCompleted)
                    _events.Add(recovered);
            });
            Command<Persist>(command => Persist(command.Payload, Keep));
            Command<PersistTogether>(command =>
            {
                PersistAll(command.Payloads, payload => _events.Add(payload));
                DeferAsync("", _ => Sender.Tell(new Persisted(LastSequenceNr)));
            });
            Command<Delete>(command =>
            {
                _deleter = Sender;
                DeleteMessages(command.To);
            });
            Command<DeleteMessagesSuccess>(success => _deleter.Tell(new Deleted(success.ToSequenceNr)));
            Command<string>(_ => Sender.Tell(string.Join(',', _events)));
        }

        public override string PersistenceId { get; }

        protected override void OnRecoveryFailure(Exception reason, object? message = null) => _observer.Tell(new RecoveryRefused(reason));

        private void Keep(object payload)
        {
            _events.Add(payload);
            Sender.Tell(new Persisted(LastSequenceNr));
        }
    }

    // One actor system with the plugin, as one life of a node.
    private sealed class Node : ActorTest
    {
        public Node(string path, string nodeId, IDisk disk)
            : base(Settings(path, nodeId), new FileJournalSetup(disk, TimeProvider.System), "node") =>
            Sys.EventStream.Subscribe(TestActor, typeof(JournalFault));

        public IActorRef Start(string persistenceId) => Sys.ActorOf(Props.Create(() => new EventLog(persistenceId, TestActor)));

        public void Ask<T>(IActorRef actor, object command, T expected)
        {
            actor.Tell(command, TestActor);
            Assert.Equal(expected, ExpectMsg<T>(Deadline));
        }

        public void ExpectWarning(string contains, Action action) => EventFilter.Warning(contains: contains).ExpectOne(Deadline, action);

        public T Expect<T>() => ExpectMsg<T>(Deadline);

        public void Kill(IActorRef actor)
        {
            Watch(actor);
            Sys.Stop(actor);
            ExpectTerminated(actor, Deadline);
            Unwatch(actor);
        }

        public List<long> Replay(string persistenceId, long from, long to, long max)
        {
            var journal = Persistence.Instance.Apply(Sys).JournalFor("hotstandby.journal");
            journal.Tell(new ReplayMessages(from, to, max, persistenceId, TestActor), TestActor);
            var found = new List<long>();
            while (ExpectMsg<object>(Deadline) is ReplayedMessage replayed)
                found.Add(replayed.Persistent.SequenceNr);
            return found;
        }

        private static Config Settings(string path, string nodeId) => ConfigurationFactory.ParseString($$"""
            akka.loglevel = WARNING
            akka.persistence.journal.plugin = "hotstandby.journal"
            akka.persistence.snapshot-store.plugin = "akka.persistence.no-snapshot-store"
            hotstandby.journal {
              class = "HotStandby.Actors.Journal.FileJournal, HotStandby.Actors"
              dir = "{{path}}"
              cluster-id = "cluster"
              node-id = "{{nodeId}}"
              segment-bytes = 4KiB
            }
            """);
    }
}
