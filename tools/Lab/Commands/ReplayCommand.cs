// replay: drives a recorded trace against a running cluster and reports hits, throughput, latency, errors and outages.
using System.CommandLine;
using System.Security.Cryptography;
using HotStandby.CommandLine;
using HotStandby.Lab.Replay;
using HotStandby.Lab.Trace;
using HotStandby.Messages.Identity;

namespace HotStandby.Lab.Commands;

/// <summary>The verb <c>replay</c>.</summary>
public static class ReplayCommand
{
    // A tenth of the shortest sensible client TTL.
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan WaitingLineInterval = TimeSpan.FromSeconds(2);

    /// <summary>What <c>--trace</c> takes.</summary>
    internal const string TraceDescription =
        "The trace, one file of JSON lines with timestamp, input_length, output_length and hash_ids; - is standard input";

    private const string StandardInput = "-";
    private const int MostSuggestions = 3;

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, MasterClientFactory connect)
    {
        var trace = new Option<string>("--trace", "-t")
        {
            Description = $"{TraceDescription}.", Required = true, HelpName = "file",
        }.RefuseTilde();
        var addresses = AddressOption.Create();
        var options = new ReplayOptionSet();
        var command = new Command("replay", "Replay a trace against a running cluster.") { trace, addresses };
        options.AddTo(command);
        command.SetAction((result, cancellation) => RunAsync(
            terminal, connect, result.GetRequiredValue(trace), result.GetRequiredValue(addresses), options.Read(result),
            options.ReadSegments(result), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        Terminal terminal, MasterClientFactory connect, string file, string[] addresses, ReplayOptions options,
        (int Count, ulong Bytes) segments, CancellationToken cancellation)
    {
        // All of it before the first call: a broken line should not be found after an hour.
        if (ReadTrace(terminal, file, out var requests) is var code and not ExitCode.Ok)
            return code;
        var clientId = NewClientId();
        await using var client = connect(addresses, clientId);
        SegmentOwner owner;
        try
        {
            owner = await ShowWaitingAsync(terminal, client, options.GiveUpAfter, SegmentOwner.MountAsync(
                client, clientId, segments.Count, segments.Bytes, options.GiveUpAfter, PingInterval, null,
                cancellation)).ConfigureAwait(false);
        }
        catch (SegmentRefusedException error)
        {
            terminal.WriteError(error.Message);
            return error.IsTemporary ? ExitCode.Temporary : ExitCode.FailedRun;
        }
        await using (owner)
        {
            var engine = new ReplayEngine(client, options);
            var report = await ReplayProgressView.ShowAsync(terminal, engine, requests.Count, engine.RunAsync(requests, cancellation))
                .ConfigureAwait(false);
            ReplayReportPrinter.Print(terminal, report);
            if (!report.GaveUp)
                return ExitCode.Ok;
            terminal.WriteError($"no node served for {options.GiveUpAfter.TotalSeconds:0} s; {requests.Count - report.Requests} requests "
                + $"are left; {client.WhyNoService ?? "the last one that did does not answer"}");
            return ExitCode.Temporary;
        }
    }

    private static async Task<SegmentOwner> ShowWaitingAsync(
        Terminal terminal, IMasterClient client, TimeSpan patience, Task<SegmentOwner> mounting)
    {
        using var timer = new PeriodicTimer(WaitingLineInterval);
        while (await Task.WhenAny(mounting, timer.WaitForNextTickAsync().AsTask()).ConfigureAwait(false) != mounting)
            terminal.Error.WriteLine(
                $"waiting, {patience.TotalSeconds:0} s at most: {client.WhyNoService ?? "a node serves, and has not answered yet"}");
        return await mounting.ConfigureAwait(false);
    }

    /// <summary>Reads a whole trace; prints what is wrong and gives the exit code for it.</summary>
    internal static int ReadTrace(Terminal terminal, string file, out IReadOnlyList<TraceRequest> requests)
    {
        requests = [];
        var name = file == StandardInput ? "standard input" : file;
        if (Directory.Exists(file))
        {
            terminal.WriteError($"{file} is a directory, and a trace is one file{InsteadOf(file)}");
            return ExitCode.InputOutput;
        }

        try
        {
            using var input = file == StandardInput ? terminal.OpenInput() : TraceReader.Open(file);
            requests = [.. TraceReader.Read(input)];
            if (requests.Count > 0)
                return ExitCode.Ok;
            terminal.WriteError($"{name} holds no request");
            return ExitCode.BadData;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            terminal.WriteError($"{name}: no such file");
            return ExitCode.InputMissing;
        }
        catch (TraceFormatException error)
        {
            terminal.WriteError($"{name}: {error.Message}");
            return ExitCode.BadData;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            terminal.WriteError($"{name} cannot be read: {error.Message}");
            return ExitCode.InputOutput;
        }
    }

    private static Uuid NewClientId()
    {
        Span<byte> bytes = stackalloc byte[Uuid.EncodedBytes];
        RandomNumberGenerator.Fill(bytes);
        return new Uuid(BitConverter.ToUInt64(bytes), BitConverter.ToUInt64(bytes[8..]));
    }

    private static string InsteadOf(string directory)
    {
        string[] traces = [.. Directory.EnumerateFiles(directory, "*.jsonl").Order(StringComparer.Ordinal).Take(MostSuggestions)];
        return traces.Length == 0 ? "" : $": name one, such as {string.Join(" or ", traces)}";
    }
}
