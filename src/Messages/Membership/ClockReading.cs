// What members of a cluster tell each other about their wall clocks, and its binary form. Bytes from outside never make it throw.
using HotStandby.Messages.OpLog;

namespace HotStandby.Messages.Membership;

/// <summary>Member to member: what does your wall clock say? Or the answer.</summary>
/// <param name="Question">Number of the question; the answer repeats it.</param>
/// <param name="WallTicks">With an answer: the wall clock of its sender, UTC, in ticks of 100 ns since year 1. With a question: 0.</param>
public sealed record ClockReading(ulong Question, long WallTicks)
{
    /// <summary>Kind and version of the encoding: W1. A layout never changes; another layout is another version.</summary>
    public const string Manifest = "W1";

    /// <summary>Question u64, wall clock u64.</summary>
    public byte[] Encode()
    {
        var writer = new PayloadWriter();
        writer.UInt64(Question);
        writer.UInt64((ulong)WallTicks);
        return writer.Written.ToArray();
    }

    /// <summary>Reads it; false when its bounds are impossible.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out ClockReading reading)
    {
        var reader = new PayloadReader(bytes);
        reading = new ClockReading(reader.UInt64(), (long)reader.UInt64());
        return reader.IsWhole && reading.WallTicks >= 0 && reading.WallTicks <= DateTime.MaxValue.Ticks;
    }
}
