// What a data directory remembers beside its logs: which memory it is, how often it was opened, and which cluster it belongs to. It is part
// of node.identity, and not of the headers of segments, because it changes and they do not.
using System.Globalization;
using System.Security.Cryptography;

namespace HotStandby.Actors.Journal;

/// <summary>The part of a node's identity that changes.</summary>
/// <param name="Id">Names all that this directory has stored and promised. Random, never 0. Drawn again when the vote is lost.</param>
/// <param name="Starts">How often the directory has been opened.</param>
/// <param name="Birth">The birth of the cluster it belongs to; 0: it has not met one yet.</param>
public sealed record NodeMemory(ulong Id, uint Starts, ulong Birth)
{
    /// <summary>A new id.</summary>
    internal static ulong Draw()
    {
        ulong drawn;
        do
            drawn = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        while (drawn == 0);
        return drawn;
    }

    /// <summary>The id of a directory that an earlier version made, until it is renewed.</summary>
    internal static ulong FirstOf(NodeIdentity identity) => Math.Max(1, BitConverter.ToUInt64(identity.Incarnation.ToByteArray()));

    /// <summary>Reads it from the lines of node.identity; false when a value is impossible.</summary>
    /// <param name="values">The lines. A directory of an earlier version has none of ours: its memory follows from its incarnation.</param>
    /// <param name="identity">Whose directory it is.</param>
    /// <param name="memory">What was read.</param>
    internal static bool TryRead(Dictionary<string, string> values, NodeIdentity identity, out NodeMemory memory)
    {
        memory = new NodeMemory(FirstOf(identity), Starts: 0, Birth: 0);
        if (!values.ContainsKey("memory") && !values.ContainsKey("starts") && !values.ContainsKey("birth"))
            return true;
        if (!TryHex("memory", out var id) || id == 0 || !TryHex("birth", out var birth)
            || !uint.TryParse(values.GetValueOrDefault("starts"), NumberStyles.None, CultureInfo.InvariantCulture, out var starts)
            || starts == uint.MaxValue)
            return false;
        memory = new NodeMemory(id, starts, birth);
        return true;

        bool TryHex(string key, out ulong value) =>
            ulong.TryParse(values.GetValueOrDefault(key), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
