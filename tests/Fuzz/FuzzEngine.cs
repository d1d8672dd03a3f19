// Runs inputs against a target and judges them: nothing thrown, memory in proportion to the input, an end within seconds, and what is
// accepted means the same when it is encoded and decoded again.
using System.Diagnostics;
using System.Globalization;

namespace HotStandby.Tests.Fuzz;

/// <summary>What came of a run.</summary>
/// <param name="Inputs">How many inputs.</param>
/// <param name="Accepted">How many of them the decoder accepted.</param>
/// <param name="Failure">The first failure, with what reproduces it; null when there was none.</param>
public sealed record FuzzResult(long Inputs, long Accepted, string? Failure);

/// <summary>Judges inputs.</summary>
public static class FuzzEngine
{
    /// <summary>An input that takes longer hangs. Far more than any takes, since machines are shared.</summary>
    private static readonly TimeSpan Patience = Deadline.Step;

    private const int Measurements = 3;

    /// <summary>Runs the seeds from <paramref name="firstSeed"/> on until so many are done or so much time is over, or one fails.</summary>
    public static FuzzResult Run(FuzzTarget target, ulong firstSeed, long count, TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(target);
        var (inputs, accepted) = (0L, 0L);
        var clock = Stopwatch.StartNew();
        var failure = Watched(progress =>
        {
            for (; inputs < count && clock.Elapsed < duration; inputs++)
            {
                var seed = firstSeed + (ulong)inputs;
                var input = Mutator.Input(target, seed);
                progress($"--target {target.Name} --seed {seed.ToString(CultureInfo.InvariantCulture)}", input);
                if (Judge(target, input, ref accepted) is { } problem)
                    return problem;
            }

            return null;
        });
        return new FuzzResult(inputs, accepted, failure);
    }

    /// <summary>Judges given inputs: valid ones, a corpus.</summary>
    public static FuzzResult Replay(FuzzTarget target, IEnumerable<byte[]> inputs)
    {
        ArgumentNullException.ThrowIfNull(target);
        var (judged, accepted) = (0L, 0L);
        var failure = Watched(progress =>
        {
            foreach (var input in inputs)
            {
                progress($"--target {target.Name}, a given input", input);
                if (Judge(target, input, ref accepted) is { } problem)
                    return problem;
                judged++;
            }

            return null;
        });
        return new FuzzResult(judged, accepted, failure);
    }

    // On a thread of its own: one that hangs is left behind.
    private static string? Watched(Func<Action<string, byte[]>, string?> judging)
    {
        var current = new Current("nothing yet", [], Stopwatch.GetTimestamp());
        var run = Task.Factory.StartNew(
            () => judging((name, input) => Volatile.Write(ref current, new Current(name, input, Stopwatch.GetTimestamp()))),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        while (!run.Wait(TimeSpan.FromMilliseconds(200)))
            if (Stopwatch.GetElapsedTime(Volatile.Read(ref current).Began) > Patience)
                return $"{Volatile.Read(ref current)}: no end after {Patience.TotalSeconds:0} s";
        return run.Result is { } problem ? $"{current}: {problem}" : null;
    }

    private static string? Judge(FuzzTarget target, byte[] input, ref long accepted)
    {
        try
        {
            var before = (byte[])input.Clone();
            var decoded = target.Decode(input);
            if (Excess(target, input) is { } excess)
                return excess;
            if (!before.AsSpan().SequenceEqual(input))
                return "decoding changed the input";
            if (decoded is null)
                return null;
            accepted++;
            return Stability(target, input, decoded);
        }
        catch (Exception problem) // whatever it is, it is what no input may cause
        {
            return problem.ToString();
        }
    }

    private static string? Stability(FuzzTarget target, byte[] input, object decoded)
    {
        var once = target.Encode(decoded);
        if (target.IsCanonical && !once.AsSpan().SequenceEqual(input))
            return $"accepted, and encoded as {Convert.ToHexString(once)}";
        if (target.Decode(once) is not { } again)
            return $"accepted, encoded as {Convert.ToHexString(once)}, and that is refused";
        var twice = target.Encode(again);
        return once.AsSpan().SequenceEqual(twice)
            ? null : $"encoded as {Convert.ToHexString(once)}, and then as {Convert.ToHexString(twice)}";
    }

    // What is allocated once (a method's first call, a pool's first buffer) is not the input's fault: it does not happen again.
    private static string? Excess(FuzzTarget target, byte[] input)
    {
        var allowed = target.AllowedBytes + ((long)target.AllowedBytesPerByte * input.Length);
        var least = long.MaxValue;
        for (var i = 0; i < Measurements && least > allowed; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            target.Decode(input);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least <= allowed ? null : $"{least} bytes were allocated for an input of {input.Length}; {allowed} are allowed";
    }

    private sealed record Current(string Name, byte[] Input, long Began)
    {
        public override string ToString() => $"{Name}: {Convert.ToHexString(Input)}";
    }
}
