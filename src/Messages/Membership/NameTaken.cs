// The answer to a hello whose sender has the name of another process, and its binary form. Bytes from outside never make it throw.
using HotStandby.Messages.OpLog;

namespace HotStandby.Messages.Membership;

/// <summary>Node to node, in place of a hello: another process has the receiver's name.</summary>
/// <param name="Holder">Its remoting address.</param>
/// <param name="HolderLives">
/// It has answered since the receiver first asked: the receiver must end. False: the receiver waits, and is let in when the holder has been
/// removed from the cluster.
/// </param>
/// <param name="Answers">Number of the question that this answers.</param>
public sealed record NameTaken(string Holder, bool HolderLives, ulong Answers)
{
    /// <summary>Kind and version of the encoding: N1. A layout never changes; another layout is another version.</summary>
    public const string Manifest = "N1";

    private const int MaximumAddress = 512;

    /// <summary>Address (u16 length and UTF-8), flags u8 (bit 0: the holder lives), question u64.</summary>
    public byte[] Encode()
    {
        var writer = new PayloadWriter();
        writer.Text(Holder);
        writer.Byte((byte)(HolderLives ? 1 : 0));
        writer.UInt64(Answers);
        return writer.Written.ToArray();
    }

    /// <summary>Reads it; false when its bounds are impossible.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out NameTaken taken)
    {
        var reader = new PayloadReader(bytes);
        taken = new NameTaken(reader.Text(), (reader.Byte() & 1) != 0, reader.UInt64());
        return reader.IsWhole && taken.Holder.Length <= MaximumAddress && !taken.Holder.Any(char.IsControl);
    }
}
