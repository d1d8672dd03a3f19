// oplog inspect and oplog verify: the journal of a stopped node, read without one. They change nothing.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HotStandby.Actors.Journal;
using HotStandby.CommandLine;
using HotStandby.CommandLine.Output;
using HotStandby.Core.Journal;
using HotStandby.Core.Partitions;
using HotStandby.Host.Http;

namespace HotStandby.Host.Commands.Operator;

/// <summary>The parts of <c>oplog</c> that read files.</summary>
internal static class OpLogFilesCommands
{
    private static readonly string[] SegmentHeadings = ["segment", "records", "bytes"];
    private static readonly string[] RecordHeadings = ["record", "offset", "bytes", "what"];

    public static IEnumerable<Command> CreateAll(Terminal terminal)
    {
        var inspected = new Argument<string>("PATH") { Description = "A node's data directory, or one segment file." }.RefuseTilde();
        var last = Options.Number("--last", "How many of the last entries to show", 20, 0, 1_000_000);
        var json = new Option<bool>("--json") { Description = "One JSON document an entry." };
        var inspect = new Command("inspect", "Show what the journal of a stopped node holds.") { inspected, last, json };
        inspect.SetAction(result => Guarded(
            terminal, result.GetRequiredValue(inspected), path => Inspect(terminal, path, result.GetValue(last), result.GetValue(json))));
        var verified = new Argument<string>("PATH") { Description = "A node's data directory." }.RefuseTilde();
        var verify = new Command(
            "verify", "Check the journal of a stopped node: every frame, every record, and that they make a log.") { verified };
        verify.SetAction(result => Guarded(terminal, result.GetRequiredValue(verified), path => Verify(terminal, path)));
        return [inspect, verify];
    }

    private static void Inspect(Terminal terminal, string path, int last, bool json)
    {
        foreach (var log in File.Exists(path) ? [JournalInspection.OpenSegment(path)] : JournalInspection.OpenDirectory(path))
        {
            var records = JournalInspection.Read(log).ToArray();
            var entries = new Queue<EntryBody>();
            foreach (var batch in records.Select(static record => record.Event).OfType<BatchAppended>())
                foreach (var entry in batch.Batch)
                {
                    entries.Enqueue(EntryBody.Of(entry));
                    if (entries.Count > last)
                        entries.Dequeue();
                }

            var shown = entries.Select(static entry => JsonSerializer.SerializeToElement(entry, CommandJson.Default.EntryBody)).ToArray();
            if (json)
            {
                foreach (var entry in shown)
                    terminal.Output.WriteLine(JsonSerializer.Serialize(entry, NodeAnswerJson.Default.JsonElement));
                continue;
            }

            terminal.WriteTable($"{log.Name} of {log.Owner}{TailOf(log)}", SegmentHeadings,
            [
                .. log.Segments.Select(static segment => (IReadOnlyList<string>)
                [
                    Path.GetFileName(segment.File),
                    string.Create(CultureInfo.InvariantCulture, $"{segment.FirstNumber}..{segment.LastNumber}"),
                    Number(segment.Bytes),
                ]),
            ]);
            terminal.WriteTable("Records that are no batches", RecordHeadings,
            [
                .. records.Where(static record => record.Event is not BatchAppended).Select(static record => (IReadOnlyList<string>)
                [
                    Number(record.Number), Number(record.OffsetBytes), Number(record.Bytes), record.Event.ToString() ?? "",
                ]),
            ]);
            var table = CommandRendering.Entries($"Last entries of {log.Name}", shown);
            terminal.WriteTable(table.Title, table.Headings, table.Rows);
        }
    }

    private static void Verify(Terminal terminal, string path)
    {
        foreach (var log in JournalInspection.OpenDirectory(path))
        {
            var made = JournalInspection.Follow(JournalInspection.Read(log));
            terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{log.Name}: sound; {log.Segments.Count} segments, {log.Report.Records} records, entries up to {made.LastSequence} of "
                    + $"epoch {made.LastEpoch}{TailOf(log)}"));
        }
    }

    private static string TailOf(InspectedLog log) =>
        log.Report.CutBytes > 0 ? string.Create(
            CultureInfo.InvariantCulture, $"; a torn tail of {log.Report.CutBytes} bytes, which the next start cuts off") : "";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static int Guarded(Terminal terminal, string path, Action<string> action)
    {
        if (!Path.Exists(path))
        {
            terminal.WriteError($"there is no {path}");
            return ExitCode.InputMissing;
        }

        try
        {
            action(path);
            return ExitCode.Ok;
        }
        catch (Exception error) when (error is JournalDamaged or DataDirectoryRefused)
        {
            terminal.WriteError(error.Message);
            return ExitCode.BadData;
        }
        catch (Exception error) when (error is (IOException and not OutputLostException) or UnauthorizedAccessException)
        {
            terminal.WriteError(error.Message);
            return ExitCode.InputOutput;
        }
    }
}
