// What the replica and its OpLog say to each other.
using HotStandby.Core.Cells;
using HotStandby.Core.Replication;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Node;

/// <summary>OpLog to replica, once: the journal is read.</summary>
public sealed record OpLogRecovered(RecoveredJournal Journal) : ICellMessage;

/// <summary>OpLog to replica: the oldest outstanding <see cref="JournalWrite"/> is in the journal.</summary>
public sealed record JournalWritten : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly JournalWritten Instance = new();
}

/// <summary>Asks for entries from a seq on. Answered with <see cref="EntriesSince"/>.</summary>
/// <param name="FromSequence">The first seq wanted.</param>
/// <param name="MaximumBytes">Roughly how much; at least one batch comes.</param>
/// <param name="Purpose">Comes back in the answer.</param>
public sealed record GetEntriesSince(ulong FromSequence, long MaximumBytes, object Purpose) : ICellMessage;

/// <summary>The answer: consecutive batches; the first holds the seq that was asked for. Empty when the log does not reach there.</summary>
public sealed record EntriesSince(IReadOnlyList<OpLogBatch> Batches, object Purpose) : ICellMessage;
