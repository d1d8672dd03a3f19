// What the documents say of the repository and of each other: links, paths, names of tests, and that a figure is where it is said to be.
using System.Text.RegularExpressions;

namespace HotStandby.Tests.Unit.Architecture;

public sealed partial class DocumentTests
{
    [Fact]
    public void Every_link_leads_to_a_file_and_a_heading()
    {
        var links = Documents().SelectMany(Links).ToList();
        Assert.True(links.Count > 100, "no links are found any more");
        Assert.Empty(links.Where(static link => !link.IsThere).Select(static link => link.ToString()));
    }

    [Fact]
    public void What_a_document_calls_measured_has_a_date_and_a_figure_there()
    {
        var cited = Documents().SelectMany(Links).Where(static link => Measured().IsMatch(link.Text) && link.IsThere).ToList();
        Assert.NotEmpty(cited);
        Assert.Empty(cited.Where(static link => !Dated().IsMatch(link.Section) || !Figure().IsMatch(link.Section))
            .Select(static link => link.ToString()));
    }

    [Fact]
    public void Every_path_that_a_document_names_is_there()
    {
        var named = Documents().SelectMany(static document => RepositoryPath().Matches(File.ReadAllText(document))
            .Select(match => (Document: Repository.NameOf(document), Path: match.Groups[1].Value))).Distinct().ToList();
        Assert.True(named.Count > 50, "no paths are found any more");
        Assert.DoesNotContain(named, static each => !Exists(Path.Combine(Repository.Root, each.Path)));
    }

    [Fact]
    public void Every_test_that_a_document_names_is_there()
    {
        var tests = string.Concat(Repository.Files("*.cs", "tests").Select(File.ReadAllText));
        var named = Documents().SelectMany(static document => TestName().Matches(File.ReadAllText(document))
            .Select(match => (Document: Repository.NameOf(document), Test: match.Groups[1].Value))).Distinct().ToList();
        Assert.True(named.Count > 50, "no tests are found any more");
        Assert.DoesNotContain(named, each => !Regex.IsMatch(tests, $@"\b{each.Test}\b"));
    }

    [Fact]
    public void A_newcomer_has_at_most_thirty_words_to_learn()
    {
        var words = Words().Match(File.ReadAllText(Path.Combine(Repository.Root, "docs", "architecture.md"))).Value;
        Assert.InRange(words.Split('\n').Count(static line => line.StartsWith("| ", StringComparison.Ordinal)) - 1, 20, 30);
    }

    private static List<string> Documents() =>
        [.. Directory.GetFiles(Repository.Root, "*.md"), .. Repository.Files("*.md", "docs", "bench", "deploy", "src")];

    private static IEnumerable<Link> Links(string document) => LinkSyntax().Matches(File.ReadAllText(document))
        .Where(static match => !match.Groups[2].Value.Contains("://", StringComparison.Ordinal))
        .Select(match => new Link(document, match.Groups[1].Value, match.Groups[2].Value));

    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);

    private sealed class Link
    {
        private readonly string _document;
        private readonly string _target;

        public Link(string document, string text, string target)
        {
            (_document, Text, _target) = (document, text, target);
            var parts = target.Split('#');
            var file = parts[0].Length == 0 ? document : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(document)!, parts[0]));
            IsThere = Exists(file);
            if (!File.Exists(file))
                return;
            var content = File.ReadAllText(file);
            Section = parts.Length == 1 ? content : SectionOf(content, parts[1]) ?? "";
            IsThere = Section.Length > 0;
        }

        public string Text { get; }

        public bool IsThere { get; }

        /// <summary>What it leads to: a file, or a heading of it with what stands below.</summary>
        public string Section { get; } = "";

        public override string ToString() => $"{Repository.NameOf(_document)}: [{Text}]({_target})";

        private static string? SectionOf(string content, string anchor)
        {
            var headings = Heading().Matches(content).ToList();
            var place = headings.FindIndex(heading => AnchorOf(heading.Groups[2].Value) == anchor);
            if (place < 0)
                return null;
            var level = headings[place].Groups[1].Length;
            var next = headings.Skip(place + 1).FirstOrDefault(heading => heading.Groups[1].Length <= level);
            return content[headings[place].Index..(next?.Index ?? content.Length)];
        }

        // As GitHub makes it.
        private static string AnchorOf(string heading) =>
            NotInAnchor().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');
    }

    [GeneratedRegex(@"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")]
    private static partial Regex LinkSyntax();

    [GeneratedRegex(@"^(#+) (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N}\- _]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex("^## Words$.*?^## ", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Words();

    [GeneratedRegex("measured|recorded|figures", RegexOptions.IgnoreCase)]
    private static partial Regex Measured();

    [GeneratedRegex(@"\b20\d\d-\d\d-\d\d\b")]
    private static partial Regex Dated();

    [GeneratedRegex(@"^\|.*\d.*\|", RegexOptions.Multiline)]
    private static partial Regex Figure();

    [GeneratedRegex(@"`((?:src|tests|tools|docs|deploy|hocon|bench)/[\w./-]*\w)`")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"`((?=\w*[a-z])[A-Z]\w*(?:_\w+){2,}|[A-Z]\w+Tests)`")]
    private static partial Regex TestName();
}
