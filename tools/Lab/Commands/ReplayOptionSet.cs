// The options of a replay on the command line; replay and demo have them in common.
using System.CommandLine;
using HotStandby.CommandLine;
using HotStandby.Lab.Replay;

namespace HotStandby.Lab.Commands;

/// <summary>Options of a replay.</summary>
internal sealed class ReplayOptionSet
{
    private const long DefaultBlockBytes = 1L << 20;
    private const long DefaultSegmentBytes = 64L << 30;

    private readonly Option<double> _speedUp = Options.Number(
        "--speed-up", "Replay the trace's time so many times as fast; 0: as fast as answers come", 0.0, 0.0, 1e9);
    private readonly Option<int> _concurrency = Options.Number("--concurrency", "Requests in progress at once", 16, 1, 4096);
    private readonly Option<int> _batch = Options.Number(
        "--batch", "Keys of one call", ReplayOptions.MaximumBatch, 1, ReplayOptions.MaximumBatch);
    private readonly Option<long?> _blockBytes = Options.Size(
        "--block-bytes", "Size of a block of 512 tokens", DefaultBlockBytes, 1, 1L << 40);
    private readonly Option<int> _segments = Options.Number("--segments", "Memory segments to mount", 4, 1, 1024);
    private readonly Option<long?> _segmentBytes = Options.Size(
        "--segment-bytes", "Size of each segment", DefaultSegmentBytes, 1L << 20, (long)SegmentOwner.MaximumSegmentBytes);

    public void AddTo(Command command)
    {
        foreach (var option in (ReadOnlySpan<Option>)[_speedUp, _concurrency, _batch, _blockBytes, _segments, _segmentBytes])
            command.Add(option);
    }

    public ReplayOptions Read(ParseResult result) => new()
    {
        SpeedUp = result.GetValue(_speedUp),
        Concurrency = result.GetValue(_concurrency),
        Batch = result.GetValue(_batch),
        BlockBytes = (ulong)(result.GetValue(_blockBytes) ?? DefaultBlockBytes),
    };

    public (int Count, ulong Bytes) ReadSegments(ParseResult result) =>
        (result.GetValue(_segments), (ulong)(result.GetValue(_segmentBytes) ?? DefaultSegmentBytes));
}
