// A caller that gives up on the journal, as the circuit breaker does, does not wait for a disk that hangs.
using System.Reflection;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Persistence;
using Akka.TestKit.Xunit2;
using HotStandby.Actors.Journal;

namespace HotStandby.Tests.Actors.Journal;

public sealed class FileJournalCancellationTests : IDisposable
{
    private static readonly TimeSpan Deadline = Tests.Deadline.Step;

    private readonly TemporaryDirectory _temporary = new();
    private readonly HangingDisk _disk = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public async Task Reading_the_highest_number_ends_with_its_token_while_the_log_is_still_being_opened()
    {
        using var kit = new TestKit(
            BootstrapSetup.Create().WithConfig($$"""
                hotstandby.journal {
                  class = "HotStandby.Actors.Journal.FileJournal, HotStandby.Actors"
                  dir = "{{_temporary.Path}}/data"
                  cluster-id = c
                  node-id = n
                }
                """).And(new FileJournalSetup(_disk, TimeProvider.System)),
            "cancelled");
        var plugin = Persistence.Instance.Apply(kit.Sys).JournalFor("hotstandby.journal");
        plugin.Tell(new ReplayMessages(1, 1, 1, "warm-up", kit.TestActor), kit.TestActor);
        kit.ExpectMsg<RecoverySuccess>(Deadline);
        // The plugin's own members: through its messages only the circuit breaker could be seen, which gives up by itself.
        var journal = (FileJournal)typeof(ActorCell)
            .GetProperty("Actor", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)!
            .GetValue(((ActorRefWithCell)plugin).Underlying)!;
        using var patience = new CancellationTokenSource();
        _disk.Hang();
        var reading = journal.ReadHighestSequenceNrAsync("log-a", 0, patience.Token);
        Assert.True(_disk.HasHung(Deadline));
        Assert.False(reading.IsCompleted);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(Deadline));
        _disk.GoOn();
        Assert.Equal(0, await journal.ReadHighestSequenceNrAsync("log-a", 0, CancellationToken.None).WaitAsync(Deadline));
    }

    // A disk that does not answer when a log's directory is to be made.
    private sealed class HangingDisk : IDisk
    {
        private readonly ManualResetEventSlim _goesOn = new(true), _hung = new();

        public void Hang() => _goesOn.Reset();

        public bool HasHung(TimeSpan patience) => _hung.Wait(patience);

        public void GoOn() => _goesOn.Set();

        public void CreateDirectory(string path)
        {
            if (!_goesOn.IsSet)
                _hung.Set();
            _goesOn.Wait();
            FileDisk.Instance.CreateDirectory(path);
        }

        public IReadOnlyList<string> List(string directory) => FileDisk.Instance.List(directory);

        public IDiskFile Open(string path, DiskOpen mode) => FileDisk.Instance.Open(path, mode);

        public void Rename(string from, string to) => FileDisk.Instance.Rename(from, to);

        public void Delete(string path) => FileDisk.Instance.Delete(path);

        public void FlushDirectory(string directory) => FileDisk.Instance.FlushDirectory(directory);

        public IDisposable? TryLock(string path) => FileDisk.Instance.TryLock(path);
    }
}
