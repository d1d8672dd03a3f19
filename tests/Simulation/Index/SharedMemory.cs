// The memory of all clients, and who may do what with it: which writer holds which buffer until when, which reader reads what until when.
// Throws when two of them meet: invariant 5.
using HotStandby.Messages;
using HotStandby.Messages.Calls;

namespace HotStandby.Tests.Simulation.Index;

/// <summary>A buffer as a client knows it.</summary>
/// <param name="Address">Of its first byte; no two segments share any.</param>
/// <param name="Bytes">Its length.</param>
public readonly record struct Buffer(ulong Address, int Bytes);

/// <summary>Bytes, writers and readers.</summary>
public sealed class SharedMemory
{
    /// <summary>One who was given buffers.</summary>
    /// <param name="IsWriter">True: it writes. False: it reads, and nothing may change.</param>
    /// <param name="Write">Which write's bytes these are.</param>
    /// <param name="Buffers">Where.</param>
    public sealed record Holder(bool IsWriter, ulong Write, Buffer[] Buffers)
    {
        /// <summary>Those of them that are in a process that lives, or that it writes to all the same.</summary>
        public Buffer[] Buffers { get; set; } = Buffers;
    }

    private readonly Dictionary<ulong, ulong> _cells = [];
    private readonly List<Holder> _holders = [];

    /// <summary>How often a buffer was held.</summary>
    public int Held { get; private set; }

    /// <summary>A client has been given these buffers, and uses them until it gives them back.</summary>
    /// <exception cref="InvariantViolation">5: somebody else still writes there, or reads what would be overwritten.</exception>
    public Holder Hold(bool isWriter, ulong write, in ReplicaList replicas)
    {
        var buffers = new Buffer[replicas.Count];
        for (var i = 0; i < buffers.Length; i++)
            buffers[i] = new Buffer(replicas[i].Address, (int)replicas[i].SizeBytes);
        var holder = new Holder(isWriter, write, buffers);
        foreach (var other in _holders)
            if ((isWriter || other.IsWriter) && other.Write != write && Overlap(holder, other))
                throw new InvariantViolation(5, $"{Describe(holder)} is given memory of {Describe(other)}");
        _holders.Add(holder);
        Held++;
        return holder;
    }

    /// <summary>
    /// Another process has the memory of one that died. Who read there reads nothing more; who wrote there does not know.
    /// </summary>
    public void Restart(ulong address, ulong bytes)
    {
        foreach (var holder in _holders.Where(static holder => !holder.IsWriter))
            holder.Buffers = [.. holder.Buffers.Where(buffer => buffer.Address < address || buffer.Address >= address + bytes)];
    }

    /// <summary>It does not use them any more.</summary>
    public void GiveBack(Holder holder) => _holders.Remove(holder);

    /// <summary>Writes some bytes.</summary>
    /// <param name="holder">The writer.</param>
    /// <param name="from">From this byte of each buffer on.</param>
    /// <param name="to">Up to before this one.</param>
    public void Write(Holder holder, int from, int to)
    {
        foreach (var buffer in holder.Buffers)
            for (var at = from; at < to; at++)
                _cells[buffer.Address + (ulong)at] = holder.Write;
    }

    /// <summary>Reads everything.</summary>
    /// <exception cref="InvariantViolation">5: other bytes than its object's.</exception>
    public void Read(Holder holder)
    {
        foreach (var buffer in holder.Buffers)
            for (var at = 0; at < buffer.Bytes; at++)
                if (_cells.GetValueOrDefault(buffer.Address + (ulong)at) is var found && found != holder.Write)
                    throw new InvariantViolation(5, $"{Describe(holder)} finds bytes of write {found} at {buffer.Address + (ulong)at}");
    }

    private static bool Overlap(Holder one, Holder other)
    {
        foreach (var mine in one.Buffers)
            foreach (var theirs in other.Buffers)
                if (mine.Address < theirs.Address + (ulong)theirs.Bytes && theirs.Address < mine.Address + (ulong)mine.Bytes)
                    return true;
        return false;
    }

    private static string Describe(Holder holder) => $"the {(holder.IsWriter ? "writer" : "reader")} of write {holder.Write} "
        + $"({string.Join(' ', holder.Buffers.Select(static buffer => $"{buffer.Address}+{buffer.Bytes}"))})";
}
