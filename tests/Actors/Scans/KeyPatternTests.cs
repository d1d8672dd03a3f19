using System.Text;
using System.Text.RegularExpressions;
using HotStandby.Actors.Scans;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Actors.Scans;

public sealed class KeyPatternTests
{
    [Theory]
    [InlineData("b", "abc", true)] // a search, not a match of the whole
    [InlineData("^b", "abc", false)]
    [InlineData("^a", "abc", true)]
    [InlineData("c$", "abc", true)]
    [InlineData(".", "x", true)]
    [InlineData(@"^key_\d+$", "key_12", true)]
    [InlineData(@"\d", "٣", false)] // digits are ASCII
    [InlineData("é", "café", true)] // UTF-8 in both
    [InlineData("^caf..$", "café", true)] // but a character is a byte
    [InlineData("A", "a", false)]
    public void A_pattern_is_searched_for_in_the_bytes_of_the_key(string pattern, string key, bool occurs) =>
        Assert.Equal(occurs, Read(pattern).Occurs(ObjectKey.From(key)));

    [Fact]
    public void A_key_need_not_be_text()
    {
        var key = ObjectKey.From(default, new byte[] { 1, 0xFF, (byte)'k', 0x80 });
        Assert.True(Read("k.$").Occurs(key));
        Assert.True(Read(@"\xff").Occurs(key));
        Assert.False(Read("^k").Occurs(key));
    }

    [Fact]
    public void The_tenant_is_no_part_of_what_is_searched()
    {
        var key = ObjectKey.From("tenant"u8, "key"u8);
        Assert.True(Read("^key$").Occurs(key));
        Assert.False(Read("tenant").Occurs(key));
    }

    [Theory]
    [InlineData("(")]
    [InlineData("[a")]
    [InlineData("*a")]
    [InlineData(@"\")]
    public void What_is_no_pattern_is_not_read(string pattern) =>
        Assert.False(KeyPattern.TryRead(pattern, Deadline.Step, out _));

    [Fact]
    public void A_search_ends_when_its_time_is_over()
    {
        Assert.True(KeyPattern.TryRead("(a+)+$", TimeSpan.FromMilliseconds(20), out var pattern));
        Assert.Throws<RegexMatchTimeoutException>(() => pattern.Occurs(ObjectKey.From(new string('a', 60) + '!')));
    }

    [Fact]
    public void A_key_of_the_greatest_length_is_searched_to_its_end() =>
        Assert.True(Read("z$").Occurs(ObjectKey.From(new string('a', ObjectKey.MaximumBytes - 1) + 'z')));

    private static KeyPattern Read(string pattern)
    {
        Assert.True(KeyPattern.TryRead(pattern, Deadline.Step, out var read));
        return read;
    }
}
