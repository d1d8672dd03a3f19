// Readers that are each bound to one node and ask, all the time, for what was acknowledged last. A node that answers must know it: an
// answer without it is a stale read, from a node that took itself for the Primary. They do not wait for answers: a frozen node finds all
// questions of that time when it goes on, those about what its successor has acknowledged meanwhile among them.
using HotStandby.Lab.Cluster;
using HotStandby.Messages;
using HotStandby.Messages.Identity;

namespace HotStandby.Lab.Chaos;

/// <summary>Checks that nobody answers from the past.</summary>
/// <param name="addresses">Of the nodes' client doors.</param>
/// <param name="latest">Keys that were acknowledged a moment ago, and stay for minutes; empty when there are none.</param>
/// <param name="log">Hears of stale reads.</param>
internal sealed class FreshReads(IReadOnlyList<string> addresses, Func<IReadOnlyList<string>> latest, ChaosLog log)
{
    // As owner of nothing; other than the audit's, whose calls would make it look alive.
    private static readonly Uuid Id = new(2, 0);
    private const int MostUnderWay = 1000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    private long _answers;

    /// <summary>Calls that a node answered.</summary>
    public long Answers => Volatile.Read(ref _answers);

    /// <summary>Reads until it is cancelled; returns then.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(addresses.Select(address => ReadAsync(address, stop)));

    private async Task ReadAsync(string address, CancellationToken stop)
    {
        await using var client = new MooncakeMasterClient([address], Id);
        var underWay = new List<Task>();
        try
        {
            while (true)
            {
                if (underWay.Count < MostUnderWay && latest() is { Count: > 0 } keys)
                    underWay.Add(ReadAsync(client, address, keys, stop));
                await Task.Delay(Interval, stop);
                underWay.RemoveAll(read => read.IsCompletedSuccessfully);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Task.WhenAll(underWay).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAsync(MooncakeMasterClient client, string address, IReadOnlyList<string> keys, CancellationToken stop)
    {
        var answer = await client.BatchExistAsync(keys, stop);
        if (answer.Call != ErrorCode.Ok || answer.Items.Contains(ErrorCode.UnavailableInCurrentMode))
            return;
        Interlocked.Increment(ref _answers);
        if (answer.Items.Contains(ErrorCode.ObjectNotFound))
            log.Violation($"stale read: the node behind {address} does not know all of {string.Join(", ", keys)}, which were acknowledged "
                + "before it was asked");
    }
}
