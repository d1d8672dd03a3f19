// The snapshot of segments: a changed one leaves the old one as it was.
using CsCheck;
using HotStandby.Core.Segments;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Unit.Segments;

public sealed class SegmentDirectoryTests
{
    [Fact]
    public void Directory_is_as_a_dictionary_and_earlier_snapshots_never_change() =>
        Gen.Select(Gen.Bool, Gen.OneOf(Gen.UInt[0, 8], Gen.UInt[60, 70], Gen.UInt[4090, 4100], Gen.UInt)).List[0, 60].Sample(steps =>
        {
            var model = new Dictionary<uint, MountedSegment>();
            var snapshots = new List<(SegmentDirectory Directory, MountedSegment[] Expected)> { (SegmentDirectory.Empty, []) };
            foreach (var (isThere, handle) in steps)
            {
                var directory = snapshots[^1].Directory;
                if (isThere)
                    directory = directory.With(
                        model[handle] = Mounted(handle, model.Count % 2 == 0 ? SegmentStatus.Ok : SegmentStatus.Unmounting));
                else if (model.Remove(handle) || handle < 100)
                    directory = directory.Without(handle);
                snapshots.Add((directory, [.. model.Values.OrderBy(segment => segment.Handle)]));
            }

            foreach (var (directory, expected) in snapshots)
            {
                Assert.Equal(expected.Length, directory.Count);
                Assert.Equal(expected, directory.All);
                Assert.Equal(expected, new SegmentDirectory(expected.Reverse()).All);
                foreach (var handle in steps.Select(step => step.Item2).Append(uint.MaxValue).Append(64u))
                {
                    var known = Array.Find(expected, segment => segment.Handle == handle);
                    Assert.Same(known, directory.ByHandle(handle));
                    Assert.Same(known is { Status: SegmentStatus.Ok } ? known : null, directory.Readable(handle));
                }
            }
        });

    [Fact]
    public void Directory_of_given_segments_lists_them_in_mount_order() => Assert.Equal(
        [3u, 64u, 5000u], new SegmentDirectory([Mounted(64), Mounted(5000), Mounted(3)]).All.Select(segment => segment.Handle));

    [Fact]
    public void Publishing_a_change_costs_a_few_kilobytes_with_ten_thousand_segments()
    {
        var directory = new SegmentDirectory(Enumerable.Range(1, 10_000).Select(handle => Mounted((uint)handle)));
        var changed = Mounted(5000, SegmentStatus.Unmounting);
        directory.With(changed);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            directory.With(changed);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 100, 500, 4096);
    }

    private static MountedSegment Mounted(uint handle, SegmentStatus status = SegmentStatus.Ok) =>
        new(handle, Reign.Id(1), Reign.Segment((int)(handle % 1000)), status);
}
