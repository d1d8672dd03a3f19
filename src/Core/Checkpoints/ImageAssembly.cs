// An image that arrives in pieces from another node. Holds what has arrived and a few pieces ahead of it: the length that the sender
// announces is never allocated. Used by IncomingSync, one for each image under way.
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Checkpoints;

/// <summary>Puts the pieces of one image together. All pieces carry the same id, seq, epoch and total; others are ignored.</summary>
public sealed class ImageAssembly : IDisposable
{
    /// <summary>Bytes of a piece; the last one may be shorter. Few enough that a heartbeat never waits long behind them.</summary>
    public const int PieceBytes = 256 * 1024;

    /// <summary>Pieces of one image that are under way, or here and wait for one before them.</summary>
    public const int PiecesAhead = 4;

    private readonly ImageChunk _first;
    private readonly ImageWriter _bytes = new();
    private readonly Dictionary<uint, ReadOnlyMemory<byte>> _ahead = [];
    private uint _asked = PieceBytes;

    private ImageAssembly(ImageChunk first) => _first = first;

    /// <summary>The source's number for the image.</summary>
    public ulong Id => _first.ImageId;

    /// <summary>True when every byte is here.</summary>
    public bool IsComplete => _bytes.Length == (int)_first.TotalBytes;

    /// <summary>The source's log up to the image's seq; it comes with the last piece.</summary>
    public EpochEnd[] Log { get; private set; } = [];

    /// <summary>The voters that the source's log names there; it comes with the last piece, too.</summary>
    public VoterRoll Roll { get; private set; } = VoterRoll.Empty;

    /// <summary>Begins with an image's first piece.</summary>
    /// <param name="first">The piece at offset 0.</param>
    /// <param name="fault">Why this is no image; empty when it may be one.</param>
    /// <returns>The assembly, without the piece; null: there is a fault.</returns>
    public static ImageAssembly? Begin(ImageChunk first, out string fault)
    {
        ArgumentNullException.ThrowIfNull(first);
        const int least = PartitionImage.HeadBytes + PartitionImage.TailBytes;
        fault = first.TotalBytes is < least or > ImageWriter.LargestBytes
            ? $"it is said to have {first.TotalBytes} bytes, not {least} to {ImageWriter.LargestBytes}"
            : first.Sequence == 0 ? "it stands for seq 0" : "";
        return fault.Length == 0 ? new ImageAssembly(first) : null;
    }

    /// <summary>Adds a piece. False: it is not of this image, was not asked for, is here already, or has the wrong length.</summary>
    public bool TryAdd(ImageChunk piece)
    {
        ArgumentNullException.ThrowIfNull(piece);
        if (piece.ImageId != _first.ImageId || piece.Sequence != _first.Sequence || piece.Epoch != _first.Epoch
            || piece.TotalBytes != _first.TotalBytes
            || piece.Offset % PieceBytes != 0 || piece.Offset < _bytes.Length || piece.Offset >= Math.Min(_asked, piece.TotalBytes)
            || piece.Bytes.Length != Math.Min(PieceBytes, piece.TotalBytes - piece.Offset) || !_ahead.TryAdd(piece.Offset, piece.Bytes))
            return false;
        if (piece.Log.Length > 0)
            (Log, Roll) = (piece.Log, piece.Roll);
        while (_ahead.Remove((uint)_bytes.Length, out var next))
            _bytes.Raw(next.Span);
        return true;
    }

    /// <summary>The offset of the next piece to ask for; null: as many as may be under way are, or all are asked for.</summary>
    public uint? NextOffset()
    {
        if (_asked >= _first.TotalBytes || _asked >= (long)_bytes.Length + (PiecesAhead * PieceBytes))
            return null;
        _asked += PieceBytes;
        return _asked - PieceBytes;
    }

    /// <summary>
    /// Why the complete image must not be used: it is damaged, of another partition or another kind of cluster, or its log is impossible.
    /// </summary>
    /// <param name="partition">Whose image was asked for.</param>
    /// <param name="shards">Metadata shards of this cluster.</param>
    /// <returns>Null: it may be used.</returns>
    public string? Fault(Partition partition, int shards)
    {
        try
        {
            var head = PartitionImage.Open(_bytes.Written.Span, out _);
            if (head.Partition != partition || head.Shards != shards)
                return $"it is of {head.Partition} of {head.Shards} shards, not of {partition} of {shards}";
        }
        catch (ImageDamagedException damaged)
        {
            return damaged.Message;
        }

        for (var i = 1; i < Log.Length; i++)
            if (Log[i].Epoch <= Log[i - 1].Epoch || Log[i].LastSequence <= Log[i - 1].LastSequence)
                return $"its log goes from {Log[i - 1]} to {Log[i]}";
        return Log.Length > 0 && Log[^1] == new EpochEnd(_first.Epoch, _first.Sequence)
            ? null : $"it stands for {_first.Epoch}/{_first.Sequence}, and its log ends elsewhere";
    }

    /// <summary>What tells the complete image from others.</summary>
    public ImageStamp Stamp => new(_first.Sequence, _first.Epoch, PartitionImage.HashOf(_bytes.Written.Span));

    /// <summary>The complete image, which is the caller's from now on.</summary>
    public ImageWriter Take() => _bytes;

    /// <summary>Gives up what has arrived.</summary>
    public void Dispose() => _bytes.Dispose();
}
