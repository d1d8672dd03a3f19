// A caller that gives up on the journal, as the circuit breaker does, does not wait for a disk that hangs.
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using HotStandby.Actors.Journal;

namespace HotStandby.Tests.Actors.Journal;

public sealed class FileJournalCancellationTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly TemporaryDirectory _temporary = new();
    private readonly HangingDisk _disk = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public async Task Reading_the_highest_number_ends_with_its_token_while_the_log_is_still_being_opened()
    {
        using var kit = new TestKit(BootstrapSetup.Create().And(new FileJournalSetup(_disk, TimeProvider.System)), "cancelled");
        var config = ConfigurationFactory.ParseString($"dir = \"{_temporary.Path}/data\", cluster-id = c, node-id = n");
        var journal = new TestActorRef<FileJournal>(kit.Sys, Props.Create(() => new FileJournal(config))).UnderlyingActor;
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
