// The plugin's own configuration block, read once by FileJournal. All errors are reported at once, each with its key,
// value and allowed range.

using Akka.Configuration;

namespace HotStandby.Actors.Journal;

/// <summary>Settings of <see cref="FileJournal"/>.</summary>
/// <param name="Directory"><c>dir</c>: the node's data directory. No default.</param>
/// <param name="ClusterId"><c>cluster-id</c>: 1..128 characters. No default.</param>
/// <param name="NodeId"><c>node-id</c>: 1..128 characters, unique in the cluster. No default.</param>
/// <param name="SegmentBytes"><c>segment-bytes</c>: 4 KiB .. 1 GiB, default 64 MiB.</param>
/// <param name="Writer"><c>flush</c>, <c>flush-interval</c> and <c>queue-bytes</c>.</param>
internal sealed record FileJournalSettings(string Directory, string ClusterId, string NodeId, long SegmentBytes, WriterOptions Writer)
{
    private const long MinQueueBytes = 64 << 10;
    private const long MaxQueueBytes = 1L << 30;

    private static readonly TimeSpan MinFlushInterval = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan MaxFlushInterval = TimeSpan.FromSeconds(60);

    /// <summary>Reads the block.</summary>
    /// <exception cref="ConfigurationException">One or more values are missing or out of range; the message names all of them.</exception>
    public static FileJournalSettings From(Config config)
    {
        var errors = new List<string>();
        var directory = config.GetString("dir", "");
        if (string.IsNullOrWhiteSpace(directory))
            errors.Add("dir = '': the data directory must be set");
        var clusterId = ReadId(config, "cluster-id", errors);
        var nodeId = ReadId(config, "node-id", errors);
        var segmentBytes = ReadBytes(config, "segment-bytes",
            SegmentedLog.DefaultSegmentBytes, SegmentedLog.MinSegmentBytes, SegmentedLog.MaxSegmentBytes, errors);
        var queueBytes = ReadBytes(config, "queue-bytes", WriterOptions.Default.QueueBytes, MinQueueBytes, MaxQueueBytes, errors);
        var flush = ReadFlush(config, errors);
        var interval = ReadInterval(config, errors);
        if (errors.Count > 0)
            throw new ConfigurationException("file journal: " + string.Join("; ", errors));
        return new FileJournalSettings(
            Path.GetFullPath(directory), clusterId, nodeId, segmentBytes, new WriterOptions(flush, interval, queueBytes));
    }

    private static string ReadId(Config config, string key, List<string> errors)
    {
        var id = config.GetString(key, "");
        try
        {
            NodeIdentity.RequireValidId(id, key);
        }
        catch (ArgumentException error)
        {
            errors.Add($"{key} = '{id}': {error.Message}");
        }
        return id;
    }

    private static long ReadBytes(Config config, string key, long fallback, long min, long max, List<string> errors)
    {
        if (!config.HasPath(key))
            return fallback;
        long? value;
        try
        {
            value = config.GetByteSize(key);
        }
        catch (FormatException)
        {
            value = null;
        }
        if (value >= min && value <= max)
            return value.Value;
        errors.Add($"{key} = '{config.GetString(key, "")}': must be a size of {min} .. {max} bytes");
        return fallback;
    }

    private static FlushPolicy ReadFlush(Config config, List<string> errors)
    {
        var value = config.GetString("flush", "every-batch");
        switch (value)
        {
            case "every-batch":
                return FlushPolicy.EveryBatch;
            case "interval":
                return FlushPolicy.Interval;
            default:
                errors.Add($"flush = '{value}': must be 'every-batch' or 'interval'");
                return FlushPolicy.EveryBatch;
        }
    }

    private static TimeSpan ReadInterval(Config config, List<string> errors)
    {
        var fallback = WriterOptions.Default.FlushInterval;
        if (!config.HasPath("flush-interval"))
            return fallback;
        TimeSpan? value;
        try
        {
            value = config.GetTimeSpan("flush-interval", fallback, allowInfinite: false);
        }
        catch (FormatException)
        {
            value = null;
        }
        if (value >= MinFlushInterval && value <= MaxFlushInterval)
            return value.Value;
        errors.Add($"flush-interval = '{config.GetString("flush-interval", "")}': must be a duration of 1 ms .. 60 s");
        return fallback;
    }
}
