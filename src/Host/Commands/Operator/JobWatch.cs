// How a job that a command begins is followed to its end: which question tells how far it is, and how the answer is read.
using System.Globalization;
using System.Text.Json;
using HotStandby.CommandLine;

namespace HotStandby.Host.Commands.Operator;

/// <summary>How far a job is.</summary>
/// <param name="Text">For people, in a few words.</param>
/// <param name="Done">The share that is done, 0 to 1; null: not known.</param>
/// <param name="Code">The exit code of a job that has ended; null while it runs.</param>
internal sealed record JobProgress(string Text, double? Done, int? Code);

/// <summary>How a job is followed.</summary>
/// <param name="Question">The command that is asked again and again.</param>
/// <param name="ArgumentsOf">The arguments of the question, from those of the command and its answer.</param>
/// <param name="Read">Reads an answer to the question.</param>
internal sealed record JobWatch(
    OperatorCommand Question,
    Func<IReadOnlyDictionary<string, string>, JsonElement, IReadOnlyDictionary<string, string>> ArgumentsOf,
    Func<JsonElement, JobProgress> Read)
{
    private const string JobId = "job";

    /// <summary>A drain job, which a new Primary carries on.</summary>
    public static JobWatch Drain { get; } = new(
        new OperatorCommand("drain", "How far a drain job is.", HttpMethod.Get, "/api/v1/drain_jobs/query")
        {
            Reach = CommandReach.Primary, Render = static _ => [], Arguments = [new(JobId, "The job.", "job_id")],
        },
        static (_, begun) => new Dictionary<string, string> { [JobId] = begun.GetProperty("job_id").GetString()! },
        ReadDrain);

    /// <summary>A full sync, as the node that is synced reports it.</summary>
    /// <param name="node">The argument that names the node.</param>
    public static JobWatch FullSync(CommandArgument node) => new(
        CommandTable.Status with { Reach = CommandReach.Named, Arguments = [node] }, static (said, _) => said, ReadFullSync);

    private static JobProgress ReadDrain(JsonElement job)
    {
        var moved = string.Create(CultureInfo.InvariantCulture,
            $"{Count("succeeded_units")} moved, {Count("active_units")} moving, {Count("blocked_units")} blocked, "
                + $"{Count("failed_units")} failed, {job.GetProperty("migrated_bytes").GetInt64() >> 20} MiB");
        var status = job.GetProperty("status_name").GetString()!;
        var message = job.GetProperty("message").GetString() is { Length: > 0 } reason ? $" ({reason})" : "";
        return status switch
        {
            "SUCCEEDED" => new JobProgress($"the segment is empty: {moved}", 1, ExitCode.Ok),
            "FAILED" => new JobProgress($"given up{message}; the segment takes objects again: {moved}", null, ExitCode.FailedRun),
            "CANCELED" => new JobProgress($"canceled{message}; the segment takes objects again: {moved}", null, ExitCode.FailedRun),
            _ => new JobProgress(moved, null, null),
        };

        long Count(string name) => job.GetProperty(name).GetInt64();
    }

    private static JobProgress ReadFullSync(JsonElement status)
    {
        var state = status.GetProperty("state");
        if (state.TryGetProperty("sync", out var sync) && sync.ValueKind == JsonValueKind.Object)
        {
            var (done, all) = (sync.GetProperty("partitions_done").GetInt32(), sync.GetProperty("partitions").GetInt32());
            var mebibytes = sync.GetProperty("bytes").GetInt64() >> 20;
            var rate = sync.GetProperty("bytes_per_second").GetDouble() / (1 << 20);
            var left = sync.TryGetProperty("remaining_seconds", out var remaining) && remaining.ValueKind == JsonValueKind.Number
                ? $", {remaining.GetDouble():0} s left" : "";
            return new JobProgress(
                string.Create(CultureInfo.InvariantCulture,
                    $"{done} of {all} partitions from {sync.GetProperty("source").GetString()}, {mebibytes} MiB at {rate:0.#} MiB/s{left}"),
                all == 0 ? 0 : (double)done / all, null);
        }

        if (!state.GetProperty("is_whole").GetBoolean())
            return new JobProgress("all partitions are here, and are being restored", 1, null);
        return status.GetProperty("voting").GetBoolean()
            ? new JobProgress("the state is complete, and the node votes", 1, ExitCode.Ok)
            : new JobProgress("the state is complete; the node catches up", 1, null);
    }
}
