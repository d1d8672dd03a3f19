// How a node that ends by itself says so: every end that is expected is one line, with the exit code that tells its supervisor what to do.
using HotStandby.Actors.Journal;
using HotStandby.Core.Membership;
using HotStandby.Actors.Node;
using HotStandby.Host.Commands;

namespace HotStandby.Tests.Process.Settings;

public sealed class NodeEndTests
{
    [Fact]
    public void Every_end_that_membership_brings_about_is_one_line_with_its_code()
    {
        MustEnd(75, new IslandException("why"));
        MustEnd(75, new SupersededException("why"));
        MustEnd(78, new ClusterShapeException("why"));
        MustEnd(78, new NameTakenException("why"));
        MustEnd(78, new ForeignClusterException("why"));
        Type[] kinds = [.. typeof(MembershipException).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(MembershipException)))];
        Assert.Equal(5, kinds.Length); // one that is added belongs above
    }

    [Fact]
    public void A_data_directory_of_another_cluster_of_the_same_name_is_one_line_with_65()
    {
        var refused = new DataDirectoryRefused(RefusalKind.AnotherBirth, "/data", "why");
        MustEnd(65, refused);
        MustEnd(65, new JournalFaultException(new JournalFault(JournalFaultKind.Refused, "", "/data", 0, "why"), refused));
    }

    [Fact]
    public void A_full_or_closed_data_directory_is_one_line_with_74()
    {
        foreach (var failure in new Exception[]
            { new IOException("No space left on device"), new UnauthorizedAccessException("Access is denied") })
        {
            var end = NodeEnd.Of(failure);
            Assert.Equal((74, $"ended: {failure.Message}", null), (end.Code, end.Line, end.Details));
        }
    }

    [Fact]
    public void A_bug_is_shown_with_its_details_and_70()
    {
        var bug = new InvalidOperationException("why");
        var end = NodeEnd.Of(bug);
        Assert.Equal((70, "ended: InvalidOperationException: why", bug), (end.Code, end.Line, end.Details));
    }

    private static void MustEnd(int code, Exception failure)
    {
        NodeEnd[] ends =
            [NodeEnd.Of(failure), NodeEnd.OfStart(failure), NodeEnd.Of(new InvalidOperationException("around it", failure))];
        foreach (var end in ends)
        {
            Assert.Equal(code, end.Code);
            Assert.Null(end.Details);
            Assert.StartsWith("ended: ", end.Line, StringComparison.Ordinal);
            Assert.Contains("why", end.Line, StringComparison.Ordinal);
        }
    }
}
