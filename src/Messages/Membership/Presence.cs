// What members of a cluster tell each other again and again about whom they hear, and its binary form. Bytes from outside never make it
// throw.
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Messages.Membership;

/// <summary>One life of a node: from its joining to its end.</summary>
/// <param name="Node">Its id.</param>
/// <param name="Address">Its remoting address.</param>
/// <param name="Uid">Tells it from other lives at this address.</param>
public readonly record struct NodeLife(NodeId Node, string Address, int Uid);

/// <summary>Member to member: I am here, and these I hear.</summary>
/// <param name="From">Who.</param>
/// <param name="Heard">Whose presence has reached it lately, itself not included.</param>
public sealed record Presence(NodeLife From, IReadOnlyList<NodeLife> Heard)
{
    /// <summary>Kind and version of the encoding: P1. A layout never changes; another layout is another version.</summary>
    public const string Manifest = "P1";

    /// <summary>The life (name and address, each u16 length and UTF-8, uid u32), then u16 count of lives.</summary>
    public byte[] Encode()
    {
        var writer = new PayloadWriter();
        Write(writer, From);
        writer.Count(Heard.Count);
        foreach (var life in Heard)
            Write(writer, life);
        return writer.Written.ToArray();
    }

    /// <summary>Reads it; false when its bounds are impossible.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out Presence presence)
    {
        var reader = new PayloadReader(bytes);
        var from = Read(ref reader);
        var count = reader.Count();
        var heard = new List<NodeLife>();
        for (var i = 0; i < count && !reader.HasFailed; i++)
            heard.Add(Read(ref reader));
        presence = new Presence(from, heard);
        return reader.IsWhole;
    }

    private static void Write(PayloadWriter writer, NodeLife life)
    {
        writer.Text(life.Node.Name);
        writer.Text(life.Address);
        writer.UInt32((uint)life.Uid);
    }

    private static NodeLife Read(ref PayloadReader reader) => new(new NodeId(reader.Text()), reader.Text(), (int)reader.UInt32());
}
