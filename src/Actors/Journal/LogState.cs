// The log.state side file: what the segments themselves cannot say: how far the log was deleted, and which segment is
// the newest. Without the latter, a lost last segment would look like a shorter log.
// Written by SegmentedLog at every roll and delete, read by LogRecovery.

using System.Globalization;

namespace HotStandby.Actors.Journal;

/// <summary>Content of log.state.</summary>
/// <param name="DeletedTo">Records up to here are deleted, whether their segment still exists or not; 0 = none.</param>
/// <param name="NewestSegment">Index of the newest segment when this was written; 0 before the first. One newer may exist.</param>
internal sealed record LogState(long DeletedTo, long NewestSegment)
{
    public const string FileName = "log.state";

    private const string Format = "1";

    public void Write(IDisk disk, string directory) => SideFile.Replace(disk, directory, FileName,
        ("format", Format),
        ("deleted-to", DeletedTo.ToString(CultureInfo.InvariantCulture)),
        ("newest-segment", NewestSegment.ToString(CultureInfo.InvariantCulture)));

    public static LogState Read(IDisk disk, string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (SideFile.Read(disk, path) is { } values && values.GetValueOrDefault("format") == Format
            && long.TryParse(values.GetValueOrDefault("deleted-to"), NumberStyles.None, CultureInfo.InvariantCulture, out var deletedTo)
            && long.TryParse(values.GetValueOrDefault("newest-segment"), NumberStyles.None, CultureInfo.InvariantCulture, out var newest))
            return new LogState(deletedTo, newest);
        throw new JournalDamaged(DamageKind.BadState, path, 0, "unreadable, or of a format this version does not know");
    }
}
