// Waits for the end of a job that a command has begun, and shows how far it is: a bar on a terminal, a line for each change otherwise.
using System.Diagnostics;
using HotStandby.CommandLine;
using Spectre.Console;

namespace HotStandby.Host.Commands.Operator;

/// <summary>Follows a job.</summary>
/// <param name="terminal">Where its progress is shown; lines go to <see cref="Terminal.Error"/>.</param>
/// <param name="client">Asks the nodes.</param>
internal sealed class JobFollower(Terminal terminal, NodeClient client)
{
    /// <summary>How long the nodes may give no answer; longer than a failover and a restart.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Waits for the end.</summary>
    /// <param name="watch">How the job is followed.</param>
    /// <param name="arguments">Of the question.</param>
    /// <param name="stop">Ends the wait; the job goes on.</param>
    /// <returns>The job's exit code; <see cref="ExitCode.Temporary"/> when no node has told of it for <see cref="Patience"/>.</returns>
    public async Task<int> FollowAsync(JobWatch watch, IReadOnlyDictionary<string, string> arguments, CancellationToken stop)
    {
        try
        {
            if (!terminal.IsInteractive)
                return await UntilEndAsync(watch, arguments, progress => terminal.Error.WriteLine(progress.Text), stop);
            return await terminal.Ansi.Progress().StartAsync(context =>
            {
                var bar = context.AddTask(watch.Question.Name, maxValue: 1).IsIndeterminate();
                return UntilEndAsync(watch, arguments, progress =>
                {
                    bar.Description = Markup.Escape(progress.Text);
                    bar.IsIndeterminate = progress is { Done: null, Code: null };
                    bar.Value = progress.Done ?? 0;
                }, stop);
            });
        }
        catch (OperationCanceledException)
        {
            terminal.Error.WriteLine("the job goes on");
            throw;
        }
    }

    private async Task<int> UntilEndAsync(
        JobWatch watch, IReadOnlyDictionary<string, string> arguments, Action<JobProgress> show, CancellationToken stop)
    {
        var (shown, heard) = ((JobProgress?)null, Stopwatch.GetTimestamp());
        using var timer = new PeriodicTimer(Interval);
        while (true)
        {
            var answers = await client.RunAsync(watch.Question, arguments, isConfirmed: false, stop);
            if (answers.FirstOrDefault(static each => each.IsGood) is { } good)
            {
                heard = Stopwatch.GetTimestamp();
                var progress = watch.Read(good.Body);
                if (progress != shown)
                    show(shown = progress);
                if (progress.Code is { } code)
                    return code;
            }
            else if (Stopwatch.GetElapsedTime(heard) > Patience)
            {
                foreach (var problem in answers)
                    terminal.WriteError(problem.Problem!);
                terminal.WriteError($"no node has told of the job for {Patience.TotalSeconds:0} s; it may go on");
                return ExitCode.Temporary;
            }

            await timer.WaitForNextTickAsync(stop);
        }
    }
}
