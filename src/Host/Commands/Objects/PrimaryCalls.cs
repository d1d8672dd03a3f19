// Calls of a verb to the node that serves: finds it, waits while a failover lasts, and turns every way to fail into a sentence and an
// exit code.
using System.Diagnostics;
using System.Text.Json;
using HotStandby.CommandLine;
using HotStandby.Lab.Commands;
using HotStandby.Messages;
using HotStandby.Mooncake.Client;

namespace HotStandby.Host.Commands.Objects;

/// <summary>Makes calls of the Mooncake protocol for a verb.</summary>
internal static class PrimaryCalls
{
    /// <summary>How long no node may serve: twice a failover.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs calls on the Primary's connection.</summary>
    /// <param name="terminal">Where failures are reported.</param>
    /// <param name="addresses">What <c>--address</c> says.</param>
    /// <param name="calls">The calls; returns an exit code.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns><see cref="ExitCode.Temporary"/> when no node serves in time or an outcome is unknown, else what
    /// <paramref name="calls"/> returns.</returns>
    public static async Task<int> RunAsync(
        Terminal terminal, IReadOnlyList<string> addresses, Func<MasterClient, Task<int>> calls, CancellationToken stop)
    {
        await using var finder = new PrimaryFinder(addresses, AddressOption.Settings());
        try
        {
            return await calls(new MasterClient(await FindAsync(terminal, finder, stop)));
        }
        catch (MasterRpcException failure)
        {
            terminal.WriteError(failure.Failure == MasterRpcFailure.OutcomeUnknown
                ? $"the call was not answered, so its outcome is unknown: {failure.Message}" : failure.Message);
            return failure.Failure == MasterRpcFailure.Refused ? ExitCode.FailedRun : ExitCode.Temporary;
        }
    }

    /// <summary>Reports an error of the master.</summary>
    /// <param name="terminal">Where.</param>
    /// <param name="what">The verb and its object.</param>
    /// <param name="error">The master's answer.</param>
    /// <param name="advice">What to do; empty: nothing is known.</param>
    /// <returns><see cref="ExitCode.FailedRun"/>, or <see cref="ExitCode.Temporary"/> for an error that passes.</returns>
    public static int Refused(Terminal terminal, string what, ErrorCode error, string advice = "")
    {
        var name = JsonNamingPolicy.SnakeCaseUpper.ConvertName(error.ToString());
        terminal.WriteError($"{what}: {name} ({(int)error}){(advice.Length > 0 ? $": {advice}" : "")}");
        return error is ErrorCode.UnavailableInCurrentMode or ErrorCode.UnavailableInCurrentStatus
            ? ExitCode.Temporary : ExitCode.FailedRun;
    }

    private static async Task<MasterConnection> FindAsync(Terminal terminal, PrimaryFinder finder, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await finder.GetAsync(stop);
            }
            catch (MasterRpcException failure)
                when (failure.Failure == MasterRpcFailure.NotSent && Stopwatch.GetElapsedTime(began) < Patience)
            {
                if (attempt == 0)
                    terminal.Error.WriteLine($"waiting, {Patience.TotalSeconds:0} s at most: {failure.Message}");
                await Task.Delay(RetryDelay, stop);
            }
        }
    }
}
