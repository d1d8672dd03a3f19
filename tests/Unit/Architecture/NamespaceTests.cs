// No namespace of an assembly reaches itself through others: what is on top can be understood, tested and moved without what lies above it.
namespace HotStandby.Tests.Unit.Architecture;

public sealed class NamespaceTests
{
    // Arrows that close a circle today, each with the reason why it is still there. The list must only get shorter.
    private static readonly Arrow[] Known =
    [
        // The figures of a reign are kept by telemetry, and the recorder of the apply lag among them lies with the replica.
        new("HotStandby.Actors.Telemetry", "HotStandby.Actors.Replication"),
        // The check of the settings opens the certificates as the ports will, and the ports read their settings.
        new("HotStandby.Actors.Settings", "HotStandby.Actors.Security"),
    ];

    private static readonly string[] Names = ["HotStandby.Messages", "HotStandby.Core", "HotStandby.Actors", "HotStandby.Mooncake"];

    public static TheoryData<string> Assemblies => [.. Names];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void There_is_no_circle_between_the_namespaces_of_an_assembly(string name)
    {
        var arrows = ArrowsOf(name);
        var onCircles = NamespaceGraph.OnCircles([.. arrows.Keys.Except(Known)]);
        Assert.True(onCircles.Count == 0, string.Join('\n', onCircles.Select(arrow => $"{arrow}: {arrows[arrow]}")));
    }

    [Fact]
    public void A_known_arrow_that_closes_no_circle_any_more_is_not_in_the_list()
    {
        HashSet<Arrow> arrows = [.. Names.SelectMany(name => ArrowsOf(name).Keys)];
        Assert.All(Known, known =>
            Assert.Contains(known, NamespaceGraph.OnCircles([.. arrows.Except(Known), .. arrows.Intersect([known])])));
    }

    [Fact]
    public void The_graph_sees_circles_and_what_a_method_uses_inside()
    {
        var (sees, isSeen) = (typeof(Sees.OneInside).Namespace!, typeof(IsSeen.Other).Namespace!);
        var arrows = ArrowsOf(typeof(NamespaceTests).Assembly.GetName().Name!);
        Assert.Equal("OneInside -> Other", arrows[new Arrow(sees, isSeen)]);
        Assert.Equal([new(isSeen, sees), new(sees, isSeen)],
            NamespaceGraph.OnCircles([.. arrows.Keys]).Where(arrow => arrow.From == sees || arrow.To == sees));
        Assert.Empty(NamespaceGraph.OnCircles([new("a", "b"), new("b", "c"), new("a", "c")]));
        Assert.Equal(
            [new("a", "b"), new("b", "c"), new("c", "a")],
            NamespaceGraph.OnCircles([new("c", "d"), new("b", "c"), new("a", "b"), new("z", "a"), new("c", "a")]));
    }

    private static IReadOnlyDictionary<Arrow, string> ArrowsOf(string assembly)
    {
        using var image = CompiledAssembly.Open(assembly);
        return NamespaceGraph.Of(image);
    }
}
