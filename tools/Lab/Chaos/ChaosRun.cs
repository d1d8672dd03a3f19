// A chaos run from start to verdict: nodes, load, the steps of the schedule, health after each, and the comparison at the end. Safety is
// checked all the time, liveness whenever the faults of a step are over.
using HotStandby.CommandLine;
using HotStandby.CommandLine.Status;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Replay;

namespace HotStandby.Lab.Chaos;

/// <summary>One run on one cluster.</summary>
internal sealed class ChaosRun : IAsyncDisposable
{
    /// <summary>
    /// Settings of the nodes: logs and windows so small that truncation, checkpoints and full syncs happen all the time, and clients that
    /// are not given up for a failover.
    /// </summary>
    public const string NodeSettings = """
        hotstandby {
          shards = 8
          oplog { window-max-entries = 4096, window-max-bytes = 1MiB }
          journal { segment-bytes = 256KiB, retain-bytes = 1MiB }
          checkpoints { every-bytes = 1MiB, every = 20s }
          objects { client-ttl = 60s, client-suspect-time = 60s }
          verification { interval = 1s, ratio = 0.5 }
        }
        """;

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly int[] ExpectedEnds =
        [ExitCode.Ok, ExitCode.Temporary, 128 + (int)NodeSignal.Kill, 128 + (int)NodeSignal.Terminate];

    private readonly ChaosOptions _options;
    private readonly LocalCluster _cluster;
    private readonly FaultInjector _injector;
    private readonly ChaosLog _log;
    private readonly ChaosLoad _load;
    private readonly RecordedLoad _recorded;
    private readonly Dictionary<FaultKind, int> _faults = [];
    private readonly int[] _endsSeen;
    private readonly bool[] _diskWasFull;
    private int _steps;

    /// <summary>Prepares a run.</summary>
    public ChaosRun(ChaosOptions options, LocalCluster cluster, FaultNetwork network, IReadOnlyList<FaultyDisk> disks, ChaosLog log)
    {
        ArgumentNullException.ThrowIfNull(network);
        (_options, _cluster, _log) = (options, cluster, log);
        _injector = new FaultInjector(cluster, network, disks, log);
        _load = new ChaosLoad(network.ClientAddresses, options, log);
        _recorded = new RecordedLoad(network.ClientAddresses, options, cluster.DirectoryPath, log);
        _endsSeen = new int[options.Nodes];
        _diskWasFull = new bool[options.Nodes];
    }

    /// <summary>Runs it.</summary>
    /// <exception cref="TimeoutException">The cluster did not even start.</exception>
    public async Task<ChaosReport> RunAsync(CancellationToken stop)
    {
        _cluster.StartAll();
        await _cluster.WaitForPrimaryAsync(StartPatience, stop);
        await using var watch = new ServiceWatch(_cluster, _log, stop);
        await watch.WaitForServiceAsync(StartPatience, stop);
        using (var enough = new CancellationTokenSource())
        {
            var load = Task.WhenAll(_load.RunAsync(enough.Token, stop), _recorded.RunAsync(enough.Token));
            try
            {
                await RunStepsAsync(watch, load, stop);
            }
            finally
            {
                await enough.CancelAsync();
                await load.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            await EndOfLoadAsync(load);
        }
        await CompareAsync(watch, stop);
        return new ChaosReport(
            _steps, _faults, watch.Reigns, _load.Acknowledged, _load.FreshReads, _load.LongestGap, _recorded.Totals, _log.Violations);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _load.DisposeAsync();

    private async Task RunStepsAsync(ServiceWatch watch, Task load, CancellationToken stop)
    {
        foreach (var step in FaultSchedule.Draw(_options.Seed, _options.Kinds, _options.Nodes))
        {
            await Task.Delay(step.Pause, stop);
            // It ends with the first violation, so that the logs end near it.
            if (_log.Elapsed >= _options.Duration || load.IsFaulted || _log.Violations.Count > 0)
                return;
            await RunStepAsync(step, watch, stop);
        }
    }

    private async Task RunStepAsync(FaultStep step, ServiceWatch watch, CancellationToken stop)
    {
        _steps++;
        foreach (var fault in step.Faults)
            _faults[fault.Kind] = _faults.GetValueOrDefault(fault.Kind) + 1;
        int[] order = [watch.Leader, .. Enumerable.Range(0, _options.Nodes).Where(node => node != watch.Leader)];
        await Task.WhenAll(step.Faults.Select(fault => _injector.RunAsync(fault, order, stop)));
        CheckEnds();
        foreach (var node in _cluster.Nodes)
            node.EnsureRunning();
        if (step.WaitsForService && !await watch.WaitForServiceAsync(_options.RecoveryPatience, stop))
            _log.Violation($"no node serves {_options.RecoveryPatience.TotalSeconds:0} s after the faults of a step have ended: {step}");
    }

    // How nodes ended: by our signals, because their peers had given them up, for want of disk. Anything else is a bug.
    private void CheckEnds()
    {
        for (var i = 0; i < _options.Nodes; i++)
        {
            _diskWasFull[i] |= _injector.TakeDiskWasFull(i);
            var codes = _cluster.Nodes[i].ExitCodes;
            foreach (var code in codes.Skip(_endsSeen[i]))
            {
                var expected = ExpectedEnds.Contains(code) || (code == ExitCode.InputOutput && _diskWasFull[i]);
                if (!expected)
                    _log.Violation($"{_cluster.Nodes[i].Id} ended with exit code {code}");
                else if (code is ExitCode.Temporary or ExitCode.InputOutput)
                    _log.Event($"{_cluster.Nodes[i].Id} has ended with exit code {code}");
            }
            if (codes.Count > _endsSeen[i])
                _diskWasFull[i] = false;
            _endsSeen[i] = codes.Count;
        }
    }

    private async Task EndOfLoadAsync(Task load)
    {
        try
        {
            await load;
        }
        catch (SegmentRefusedException error)
        {
            _log.Violation(error.Message);
        }
    }

    private async Task CompareAsync(ServiceWatch watch, CancellationToken stop)
    {
        _log.Event("faults and load are over");
        if (!await watch.WaitForServiceAsync(_options.RecoveryPatience, stop))
            _log.Violation($"no node serves {_options.RecoveryPatience.TotalSeconds:0} s after the last fault");
        await _load.LookUpAsync(stop);
        try
        {
            var views = await _cluster.WaitForAgreementAsync(_options.RecoveryPatience, stop);
            foreach (var view in views)
                _log.Event($"{view.Node}: {view.Role}, epoch {view.Epoch}, seq {view.CommittedSequence}, "
                    + $"{view.Partitions.Sum(partition => partition.Things)} things");
            foreach (var view in views.Where(view => !ContentOf(view).SequenceEqual(ContentOf(views[0]))))
                _log.Violation($"{view.Node} and {views[0].Node} hold different things at seq {view.CommittedSequence}");
        }
        catch (TimeoutException error)
        {
            _log.Violation(error.Message.Split('\n')[0]);
        }
        CheckEnds();
    }

    private static IEnumerable<(string, string)> ContentOf(NodeView view) =>
        view.Partitions.Select(partition => (partition.Partition, partition.Digest));
}
